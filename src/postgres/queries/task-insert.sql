-- Records submitted tasks, what they wait for, and in the audit log who submitted them: there one row for each agent.
-- Input: $1 who, $2 claim, then arrays: $3 project, $4 agent, $5 payload as JSON, $6 priority, $7 complexity, $8 deadline (ms or null),
--   $9 tags, $10 ids it comes after, $11 those of them still open (each an array literal), $12 attempts allowed, $13 backoff (ms),
--   $14 timeout (ms), $15 idempotency key or null, $16 hash of the request or null, $17 blocked by, $18 its state; then $19 reason, $20 epoch.
-- Output: place in the arrays (from 1) and the task; no row where the key is taken or the project is not there to stay.
-- Atomicity: one statement; key-share locks in name order hold the projects: a removal waits, a journal does not.
with home as materialized (
  select name from project where name = any ($3::text[]) and wanted <> 'removed' order by name for key share
), given as materialized (
  select nextval('task_id') as id, g.* from unnest($3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::bigint[], $9::text[],
    $10::text[], $11::text[], $12::int[], $13::bigint[], $14::bigint[], $15::text[], $16::text[], $17::bigint[], $18::text[])
    with ordinality as g (project, agent, payload, priority, complexity, deadline, tags, after, unmet, max_attempts, backoff_ms, timeout_ms,
      key, body_hash, blocked_by, blocked_state, place)
  where project in (select name from home)
), written as (
  insert into task (id, project, agent, state, payload, priority, complexity, deadline_at, tags, after, unmet, blocked_by, blocked_state,
    max_attempts, backoff_ms, timeout_ms, idempotency_key, body_hash, asked_by, claim, ready_at)
  select id, project, agent, case when waits then 'pending' else 'ready' end, payload::json, priority, complexity, at_ms(deadline),
    tags::text[], after::bigint[], cardinality(unmet::bigint[]), blocked_by, blocked_state, max_attempts, backoff_ms, timeout_ms, key,
    body_hash, $1, $2, case when waits then null else clock_timestamp() end
  from given, lateral (select unmet <> '{}' or blocked_by is not null as waits) as w order by place
  on conflict (project, idempotency_key) where idempotency_key is not null do nothing
  returning id, project, agent, task_record(task) as record
), needed as (
  insert into task_need (needs, task) select unnest(unmet::bigint[]), id from given join written using (id) where unmet <> '{}'
), audited as (
  insert into audit (asked_by, claim, reason, action, project, detail, epoch)
  -- ids are in the order of the places
  select $1, $2, $19, 'task.submit', project, case when count(*) = 1 then format('%s to %s', min(id), agent)
      else format('%s tasks to %s, first %s', count(*), agent, min(id)) end, $20::bigint
  from written group by project, agent order by min(id)
)
select place::int, record from written join given using (id) order by place
