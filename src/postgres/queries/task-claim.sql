-- Gives slots to ready tasks while there are free ones.
-- Input: $1 pool size, $2 epoch, then arrays: $3 task, $4 run, $5 lease (ms), $6 what gave the slot, $7 its numbers as JSON. Output: the attempts made, and those the same claim made
--   before that no runner has yet. Atomicity: under the pool lock, taken by the statement before, so that the count holds to the commit.
-- Plan: by key. What the planner knows of states and outcomes is old within seconds, so no condition here fits the indexes on those.
with given as (
  select * from unnest($3::bigint[], $4::text[], $5::bigint[], $6::text[], $7::text[]) with ordinality as g (task, run, lease, given_by, why, place)
), chosen as (
  select t.id, g.run, g.lease, g.given_by, g.why, g.place from given g join task t on t.id = g.task
  where t.state || '' = 'ready' and (t.deadline_at is null or t.deadline_at > clock_timestamp())
    and not exists (select from attempt a where a.run = g.run)
  order by g.place
  limit greatest(0, $1::bigint - (select count(*) from attempt where outcome is null))
  for update of t skip locked
), moved as (
  update task t set state = 'running', attempts = t.attempts + 1, run = c.run, started_at = clock_timestamp(), reason = null,
    result = null, exit_code = null, signal = null
  from chosen c where t.id = c.id
  returning t.id, t.run, t.attempts, t.project, t.agent, t.payload, t.timeout_ms, c.lease, c.given_by, c.why, c.place
), taken as (
  insert into attempt (run, task, attempt, project, agent, epoch, lease_until, given_by, why)
  select run, id, attempts, project, agent, $2, clock_timestamp() + lease * interval '1 millisecond', given_by, why::json from moved
), claimed as (
  select id, run, attempts, project, agent, payload, timeout_ms, place from moved
  union all
  select t.id, a.run, a.attempt, t.project, t.agent, t.payload, t.timeout_ms, g.place
  from given g join attempt a on a.run = g.run and a.task = g.task join task t on t.id = a.task
  where a.ended_at is null and a.handed_at is null
)
select id::text as task, run, attempts as attempt, project, agent, payload, timeout_ms as "timeoutMs" from claimed order by place
