-- What was answered under an idempotency key.
-- Input: $1 key. Output: at most one row. Atomicity: one read.
select body_hash as "bodyHash", answer from answer where key = $1
