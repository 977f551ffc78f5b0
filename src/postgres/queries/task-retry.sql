-- Makes an ended task ready once more, one more attempt allowed; a deadline that has passed no longer holds.
-- Input: $1 id, $2 reason. Output: the task. Atomicity: under task-lock; the trigger refuses what may not be retried.
update task t set state = 'ready', reason = $2, max_attempts = greatest(max_attempts, attempts + 1), cancel_asked = false, ended_at = null,
  ready_at = clock_timestamp(), not_before = null, result = null, exit_code = null, signal = null,
  deadline_at = case when deadline_at > clock_timestamp() then deadline_at end
where id = $1
returning task_record(t) as record
