-- Tasks, their attempts and the slots these hold, with the task's transition table as a guard.

-- As before, but stable, as what it calls is: so the planner writes it into the query instead of calling it.
create or replace function epoch_ms(at timestamptz) returns bigint
  language sql stable parallel safe
  as $$ select round(extract(epoch from at) * 1000)::bigint $$;

-- The same moves as TASK_MOVES in src/model/task.ts; a test compares the two.
create table task_move (
  from_state text not null,
  to_state text not null,
  primary key (from_state, to_state)
);

insert into task_move (from_state, to_state)
select moves.from_state, unnest(moves.to_states)
from (values
  ('pending', array['ready', 'cancelled', 'timed-out', 'dead']),
  ('ready', array['running', 'pending', 'cancelled', 'timed-out']),
  ('running', array['succeeded', 'failed', 'cancelled', 'timed-out', 'lost', 'dead', 'pending', 'ready']),
  ('failed', array['ready']),
  ('timed-out', array['ready']),
  ('lost', array['ready']),
  ('dead', array['ready'])
) as moves (from_state, to_states);

-- Ids are numbers, so that no task can be taken for a project or an agent, whose names begin with a letter.
create sequence task_id;

create table task (
  id bigint primary key default nextval('task_id'),
  project text not null,
  agent text not null,
  state text not null,
  reason text,
  -- json, not jsonb: kept as told, and jsonb refuses some of what is JSON (\u0000).
  payload json not null,
  result json,
  priority integer not null,
  complexity integer not null,
  deadline_at timestamptz,
  tags text[] not null,
  -- As asked for; what of it is still open is in task_need.
  after bigint[] not null,
  -- How many rows of task_need wait for others; it becomes ready at 0.
  unmet integer not null default 0 check (unmet >= 0),
  -- A task it waited for that did not succeed: the next promotion cancels it.
  blocked_by bigint,
  blocked_state text,
  attempts integer not null default 0,
  max_attempts integer not null,
  backoff_ms bigint not null,
  timeout_ms bigint not null,
  idempotency_key text,
  body_hash text,
  asked_by text not null,
  claim text,
  cancel_asked boolean not null default false,
  submitted_at timestamptz not null default clock_timestamp(),
  ready_at timestamptz,
  not_before timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  exit_code integer,
  signal text,
  -- The run of the latest attempt.
  run text,
  check ((ended_at is null) = (state in ('pending', 'ready', 'running'))),
  check ((ready_at is not null) or state not in ('ready', 'running'))
);
create unique index task_keyed on task (project, idempotency_key) where idempotency_key is not null;
create index task_of_project on task (project, id);
create index task_in_state on task (state, id);
create index task_due on task (not_before) where state = 'pending' and unmet = 0;
create index task_blocked on task (id) where state = 'pending' and blocked_by is not null;
create index task_deadline on task (deadline_at) where state in ('pending', 'ready');
create index task_ended on task (ended_at) where ended_at is not null;

create function task_moves_by_the_table() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    raise exception 'a task begins as pending or ready, not %', new.state using errcode = 'BR001';
  elsif tg_op = 'DELETE' then
    raise exception 'only an ended task may be forgotten, not task % that is %', old.id, old.state using errcode = 'BR001';
  end if;
  perform from task_move where from_state = old.state and to_state = new.state;
  if not found then
    raise exception 'task % may not move from % to %', old.id, old.state, new.state using errcode = 'BR001';
  end if;
  return new;
end $$;

create trigger task_begins before insert on task
  for each row when (new.state not in ('pending', 'ready')) execute function task_moves_by_the_table();
create trigger task_moves before update on task
  for each row when (old.state is distinct from new.state) execute function task_moves_by_the_table();
create trigger task_forgotten before delete on task
  for each row when (old.ended_at is null) execute function task_moves_by_the_table();

-- One row for each task that another one still waits for; gone when the awaited one has ended.
create table task_need (
  needs bigint not null,
  task bigint not null,
  primary key (needs, task)
);

-- Whoever ends a task, those that wait for it learn of it in the same transaction. Only by key and without joining the two images of
-- the change: plans are kept, and one made for a single task would take the square of a batch.
create function task_ends_for_others() returns trigger language plpgsql as $$
declare
  ended bigint[] := array(select id from task_after where ended_at is not null);
  waiting bigint[];
begin
  -- A row here means that its task ends only now: the row goes with the end.
  waiting := array(select distinct task from task_need where needs = any (ended));
  if cardinality(waiting) = 0 then
    return null;
  end if;
  -- In order of ids, as every transaction locks tasks.
  perform from task where id = any (waiting) order by id for update;
  with met as (
    delete from task_need where needs = any (ended) returning task, needs
  ), told as (
    select met.task, count(*) filter (where needed.state = 'succeeded') as met,
      min(needed.id) filter (where needed.state <> 'succeeded') as bad
    from met join task needed on needed.id = met.needs group by met.task
  )
  update task t set unmet = t.unmet - told.met, blocked_by = coalesce(t.blocked_by, told.bad),
    blocked_state = coalesce(t.blocked_state, (select state from task where id = told.bad)),
    not_before = case when t.unmet = told.met then clock_timestamp() else t.not_before end
  from told where t.id = told.task and t.state || '' = 'pending';
  return null;
end $$;

create trigger task_ends_for_others after update on task
  referencing new table as task_after
  for each statement execute function task_ends_for_others();

-- An attempt without an outcome holds a slot: its lease. There is no second place that could disagree.
create table attempt (
  run text primary key,
  task bigint not null,
  attempt integer not null,
  project text not null,
  agent text not null,
  epoch bigint not null,
  claimed_at timestamptz not null default clock_timestamp(),
  lease_until timestamptz not null,
  handed_at timestamptz,
  started_at timestamptz,
  ended_at timestamptz,
  outcome text check (outcome in ('succeeded', 'failed', 'cancelled', 'timed-out', 'lost')),
  exit_code integer,
  signal text,
  reason text,
  unique (task, attempt),
  check ((outcome is null) = (ended_at is null))
) with (fillfactor = 80);
-- Found by key, whoever looks for one writes `ended_at is null`: what the planner knows of this index is old within seconds.
create index attempt_open on attempt (project) where outcome is null;
create index attempt_newest on attempt (project, agent, ended_at) where outcome is not null;

create function attempt_ends_once() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'attempt % of task % has reached its runner and is not undone', old.run, old.task using errcode = 'BR001';
  end if;
  raise exception 'attempt % of task % has ended (%), its end is written once', old.run, old.task, old.outcome using errcode = 'BR002';
end $$;

create trigger attempt_ends_once before update on attempt
  for each row when (old.outcome is not null) execute function attempt_ends_once();
create trigger attempt_undone before delete on attempt
  for each row when (old.outcome is null and old.handed_at is not null) execute function attempt_ends_once();

-- A task as the program knows it: TaskRecord in src/model/task.ts.
create function task_record(t task) returns json language sql stable as $$
  select json_build_object('id', t.id::text, 'project', t.project, 'agent', t.agent, 'state', t.state, 'reason', t.reason,
    'payload', t.payload, 'result', t.result, 'priority', t.priority, 'complexity', t.complexity, 'deadlineAt', epoch_ms(t.deadline_at),
    'tags', t.tags, 'after', t.after::text[], 'attempts', t.attempts, 'maxAttempts', t.max_attempts,
    'submittedAt', epoch_ms(t.submitted_at), 'readyAt', epoch_ms(t.ready_at), 'notBefore', epoch_ms(t.not_before),
    'startedAt', epoch_ms(t.started_at), 'endedAt', epoch_ms(t.ended_at), 'exitCode', t.exit_code, 'signal', t.signal, 'run', t.run)
$$;
