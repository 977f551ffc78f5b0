-- Makes tasks ready whose wait is over.
-- Input: $1 now (ms, as task-next-due tells it: rounded), $2 batch. Output: what the allocator knows of a waiting task. Atomicity: one statement; locked ones wait for the next time.
with due as (
  select id from task where state = 'pending' and unmet = 0 and not_before < at_ms($1::bigint + 1) and blocked_by is null
  order by not_before limit $2 for update skip locked
)
update task t set state = 'ready', ready_at = clock_timestamp(), not_before = null
from due where t.id = due.id
returning t.id::text as id, t.project, t.agent, t.priority, t.complexity, epoch_ms(t.deadline_at) as "deadlineAt", epoch_ms(t.ready_at) as "readyAt"
