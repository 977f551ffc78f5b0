-- Forgets ended runs past their days, a batch at a time.
-- Input: $1 days, $2 batch. Output: ids deleted. Atomicity: one statement; an open run is never deleted.
delete from run where (project, id) in (
  select project, id from run
  -- Found by when it began, which was before.
  where outcome is not null and started_at < now() - make_interval(days => $1) and ended_at < now() - make_interval(days => $1)
  order by started_at limit $2)
returning 1 as gone
