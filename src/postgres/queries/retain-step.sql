-- Forgets settled steps past their days, a batch at a time.
-- Input: $1 days, $2 batch. Output: a row each. Atomicity: one statement; an open step is never deleted.
delete from step where id in (
  select id from step where outcome is not null and settled_at < now() - make_interval(days => $1) order by settled_at limit $2)
returning 1 as gone
