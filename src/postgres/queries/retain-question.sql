-- Forgets questions past their days, a batch at a time.
-- Input: $1 days, $2 batch. Output: a row a question. Atomicity: one statement; what waits for an answer or its delivery is never deleted.
delete from question where id in (
  select id from question where asked_at < now() - make_interval(days => $1) and (delivered_at is not null or withdrawn_at is not null)
  order by asked_at limit $2)
returning 1 as gone
