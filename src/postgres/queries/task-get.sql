-- One task as recorded.
-- Input: $1 id. Output: at most one row. Atomicity: one read.
select task_record(t) as record from task t where id = $1
