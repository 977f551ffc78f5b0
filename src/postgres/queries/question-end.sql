-- Withdraws what ended runs had asked.
-- Input: $1 project, $2 runs, or null: all of the project, $3 reason. Output: the questions, answered ones too.
-- Atomicity: one statement; what was delivered or withdrawn stays as it is.
update question set withdrawn_at = clock_timestamp(), withdrawn_reason = $3
where project = $1 and ($2::text[] is null or run = any ($2)) and delivered_at is null and withdrawn_at is null
returning question_record(question) as record
