-- One question, locked.
-- Input: $1 id. Output: at most one row. Atomicity: locked until the transaction ends.
select question_record(q) as record from question q where id = $1::bigint for update
