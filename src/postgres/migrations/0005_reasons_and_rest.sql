-- What the scheduler decided and why, breakers, the memory of runs, and projects at rest.

-- The decision that gave the slot with its numbers, and what the end of the attempt led to.
alter table attempt add column given_by text, add column why json, add column next_state text, add column wait_ms bigint;

-- Bounded by whoever measures: [[ms since the start, bytes], …], oldest first.
alter table run add column memory json;

create table breaker (
  project text not null,
  -- Empty: of the whole project.
  agent text not null,
  state json not null,
  -- Ends up to here are counted in it.
  through timestamptz not null,
  primary key (project, agent)
);

-- Projects without work that the daemon froze or stopped itself; no row: it did not, or has woken them.
create table rest (
  project text primary key,
  kind text not null check (kind in ('frozen', 'stopped')),
  -- When its last work ended.
  since timestamptz not null
);

-- A task in a list: payload and result may be 256 KiB each.
create function task_summary(t task) returns json language sql stable as $$
  select json_build_object('id', t.id::text, 'project', t.project, 'agent', t.agent, 'state', t.state, 'reason', t.reason,
    'priority', t.priority, 'complexity', t.complexity, 'deadlineAt', epoch_ms(t.deadline_at),
    'tags', t.tags, 'after', t.after::text[], 'attempts', t.attempts, 'maxAttempts', t.max_attempts,
    'submittedAt', epoch_ms(t.submitted_at), 'readyAt', epoch_ms(t.ready_at), 'notBefore', epoch_ms(t.not_before),
    'startedAt', epoch_ms(t.started_at), 'endedAt', epoch_ms(t.ended_at), 'exitCode', t.exit_code, 'signal', t.signal, 'run', t.run)
$$;
