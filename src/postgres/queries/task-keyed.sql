-- Tasks submitted earlier under idempotency keys.
-- Input: arrays: $1 project, $2 key. Output: project, key, hash of the request and the task. Atomicity: one read.
select t.project, t.idempotency_key as key, t.body_hash as "bodyHash", task_record(t) as record
from unnest($1::text[], $2::text[]) as k (project, key) join task t on t.project = k.project and t.idempotency_key = k.key
