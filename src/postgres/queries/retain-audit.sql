-- Forgets audit rows past their days, a batch at a time; those of submissions, which may be millions, after a month at most.
-- Input: $1 days, $2 batch. Output: a row each. Atomicity: one statement.
delete from audit where id in (
  select id from audit where at < now() - make_interval(days => $1)
    or (action = 'task.submit' and at < now() - make_interval(days => least($1, 30)))
  order by at limit $2)
returning 1 as gone
