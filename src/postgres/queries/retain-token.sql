-- Forgets tokens that ended more than some days ago, a batch at a time.
-- Input: $1 days, $2 batch. Output: a row each. Atomicity: one statement.
delete from token where id in (select id from token where least(revoked_at, expires_at) < now() - make_interval(days => $1) limit $2)
returning 1 as gone
