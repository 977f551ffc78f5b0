-- One question.
-- Input: $1 id. Output: at most one row. Atomicity: one read.
select question_record(q) as record from question q where id = $1::bigint
