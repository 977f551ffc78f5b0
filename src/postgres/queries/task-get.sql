-- One task as recorded, and when the process of its latest attempt ran.
-- Input: $1 id. Output: at most one row. Atomicity: one read.
select task_record(t) as record, (select json_build_object('from', epoch_ms(a.started_at), 'until', epoch_ms(a.ended_at)) from attempt a
  where a.run = t.run and a.started_at is not null) as ran
from task t where id = $1
