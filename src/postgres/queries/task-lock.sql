-- One task, to be changed.
-- Input: $1 id. Output: at most one row. Atomicity: row lock until the transaction ends.
select task_record(t) as record, t.cancel_asked as "cancelAsked" from task t where id = $1 for update
