-- Cancels a waiting task, or marks a running one.
-- Input: $1 id, $2 reason. Output: the task. Atomicity: under task-lock.
update task t set reason = $2, cancel_asked = true, state = case when state = 'running' then state else 'cancelled' end,
  ended_at = case when state <> 'running' then clock_timestamp() end, not_before = null
where id = $1
returning task_record(t) as record
