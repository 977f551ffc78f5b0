-- Forgets audit rows past their days, a batch at a time.
-- Input: $1 days, $2 batch. Output: a row each. Atomicity: one statement.
delete from audit where id in (select id from audit where at < now() - make_interval(days => $1) order by at limit $2)
returning 1 as gone
