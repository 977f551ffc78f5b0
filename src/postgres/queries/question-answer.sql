-- Answers a question.
-- Input: $1 id, $2 answer, $3 by whom. Output: the question if it was open. Atomicity: one statement.
update question set answer = $2, answered_at = clock_timestamp(), answered_by = $3
where id = $1::bigint and answered_at is null and withdrawn_at is null
returning question_record(question) as record
