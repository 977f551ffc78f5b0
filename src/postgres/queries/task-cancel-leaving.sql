-- Cancels waiting tasks of a project that is being removed or is gone, a batch at a time.
-- Input: $1 project, $2 reason, $3 batch. Output: the tasks. Atomicity: one statement; none when the project stays.
with waiting as (
  select id from task where project = $1 and state in ('pending', 'ready')
    and not exists (select from project where name = $1 and phase <> 'removing') order by id limit $3 for update
)
update task t set state = 'cancelled', reason = $2, ended_at = clock_timestamp(), not_before = null
from waiting where t.id = waiting.id
returning task_record(t) as record
