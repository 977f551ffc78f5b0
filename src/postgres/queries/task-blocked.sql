-- Cancels tasks that wait for one that did not succeed.
-- Input: $1 batch. Output: the tasks. Atomicity: one statement; one that another transaction moves is left to the next time.
with blocked as (
  select id from task where state = 'pending' and blocked_by is not null order by id limit $1 for update skip locked
)
update task t set state = 'cancelled', reason = format('task %s, which it comes after, ended as %s', t.blocked_by, t.blocked_state),
  ended_at = clock_timestamp(), not_before = null
from blocked where t.id = blocked.id
returning task_record(t) as record
