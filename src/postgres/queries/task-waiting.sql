-- Ready tasks as the allocator knows them, a batch at a time.
-- Input: $1 id to go on after, $2 batch. Output: rows in id order. Atomicity: one read.
select id::text as id, project, agent, priority, complexity, epoch_ms(deadline_at) as "deadlineAt", epoch_ms(ready_at) as "readyAt"
from task where state = 'ready' and id > $1 order by task.id limit $2
