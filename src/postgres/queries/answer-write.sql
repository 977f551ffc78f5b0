-- Keeps the answer of a claimed key.
-- Input: $1 key, $2 answer as JSON. Output: none. Atomicity: in the transaction of the write it answers.
update answer set answer = $2::jsonb where key = $1
