-- Records submitted tasks and what they wait for.
-- Input: $1 who, $2 claim, then arrays: $3 project, $4 agent, $5 payload as JSON, $6 priority, $7 complexity, $8 deadline (ms or null),
--   $9 tags, $10 ids it comes after, $11 those of them still open (each an array literal), $12 attempts allowed, $13 backoff (ms),
--   $14 timeout (ms), $15 idempotency key or null, $16 hash of the request or null, $17 blocked by, $18 its state.
-- Output: place in the arrays (from 1) and the task; no row where the key is taken. Atomicity: one statement.
with given as materialized (
  select nextval('task_id') as id, g.* from unnest($3::text[], $4::text[], $5::text[], $6::int[], $7::int[], $8::bigint[], $9::text[],
    $10::text[], $11::text[], $12::int[], $13::bigint[], $14::bigint[], $15::text[], $16::text[], $17::bigint[], $18::text[])
    with ordinality as g (project, agent, payload, priority, complexity, deadline, tags, after, unmet, max_attempts, backoff_ms, timeout_ms,
      key, body_hash, blocked_by, blocked_state, place)
), written as (
  insert into task (id, project, agent, state, payload, priority, complexity, deadline_at, tags, after, unmet, blocked_by, blocked_state,
    max_attempts, backoff_ms, timeout_ms, idempotency_key, body_hash, asked_by, claim, ready_at)
  select id, project, agent, case when waits then 'pending' else 'ready' end, payload::json, priority, complexity, at_ms(deadline),
    tags::text[], after::bigint[], cardinality(unmet::bigint[]), blocked_by, blocked_state, max_attempts, backoff_ms, timeout_ms, key,
    body_hash, $1, $2, case when waits then null else clock_timestamp() end
  from given, lateral (select unmet <> '{}' or blocked_by is not null as waits) as w order by place
  on conflict (project, idempotency_key) where idempotency_key is not null do nothing
  returning id, task_record(task) as record
), needed as (
  insert into task_need (needs, task) select unnest(unmet::bigint[]), id from given join written using (id) where unmet <> '{}'
)
select place::int, record from written join given using (id) order by place
