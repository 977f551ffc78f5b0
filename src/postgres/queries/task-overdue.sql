-- Ends waiting tasks whose deadline has passed.
-- Input: $1 now (ms), $2 batch. Output: the tasks. Atomicity: one statement; one that another transaction moves is left to the next time.
with due as (
  select id from task where state in ('pending', 'ready') and deadline_at <= at_ms($1) order by deadline_at limit $2 for update skip locked
)
update task t set state = 'timed-out', reason = 'deadline passed before a slot was free', ended_at = clock_timestamp(), not_before = null
from due where t.id = due.id
returning task_record(t) as record
