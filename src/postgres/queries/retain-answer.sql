-- Forgets answers to idempotency keys past their days, a batch at a time.
-- Input: $1 days, $2 batch. Output: a row each. Atomicity: one statement.
delete from answer where key in (select key from answer where at < now() - make_interval(days => $1) order by at limit $2)
returning 1 as gone
