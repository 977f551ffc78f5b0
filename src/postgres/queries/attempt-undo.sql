-- Takes back claims that never reached a runner: the attempt never was.
-- Input: $1 runs. Output: none. Atomicity: under attempt-lock; an attempt that a runner has is left alone.
with undone as (
  delete from attempt where run = any ($1::text[]) and ended_at is null and handed_at is null returning run, task
)
update task t set attempts = t.attempts - 1, run = null, started_at = null,
  state = case when t.cancel_asked then 'cancelled' else 'ready' end,
  ended_at = case when t.cancel_asked then clock_timestamp() end
from undone u where t.id = u.task and t.run = u.run
