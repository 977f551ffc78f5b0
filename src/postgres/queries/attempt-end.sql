-- Ends attempts, which frees their slots, and moves their tasks on.
-- Input: arrays: $1 run, $2 outcome, $3 exit code, $4 signal, $5 result as JSON, $6 reason, $7 ended at (ms, null: now), $8 the task's next
--   state, $9 the reason of that, $10 wait before the next attempt (ms), $11 started at (ms or null: as known). Output: the tasks, each with its outcome. Atomicity: under attempt-lock.
with given as (
  select * from unnest($1::text[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::text[], $9::text[], $10::bigint[],
    $11::bigint[]) as g (run, outcome, exit_code, signal, result, reason, at, state, state_reason, wait_ms, started)
), ended as (
  update attempt a set outcome = g.outcome, exit_code = g.exit_code, signal = g.signal, reason = g.reason,
    ended_at = coalesce(at_ms(g.at), clock_timestamp()), started_at = coalesce(a.started_at, at_ms(g.started)), handed_at = coalesce(a.handed_at, clock_timestamp()),
    next_state = g.state, wait_ms = nullif(g.wait_ms, 0)
  from given g where a.run = g.run and a.ended_at is null
  returning a.task, g.*
)
update task t set state = e.state, reason = e.state_reason, result = e.result::json, exit_code = e.exit_code, signal = e.signal,
  ended_at = case when e.state <> 'pending' then clock_timestamp() end,
  not_before = case when e.state = 'pending' then clock_timestamp() + e.wait_ms * interval '1 millisecond' end,
  ready_at = case when e.state <> 'pending' then t.ready_at end
from ended e where t.id = e.task and t.run = e.run
returning task_record(t) as record, e.outcome
