-- Forgets ended tasks past their days with their attempts, a batch at a time.
-- Input: $1 days, $2 batch. Output: a row a task. Atomicity: one statement; a task that has not ended is never deleted.
with gone as (
  delete from task where id in (select id from task where ended_at < now() - make_interval(days => $1) order by ended_at limit $2) returning id
), attempts as (
  delete from attempt where task in (select id from gone)
)
select 1 as gone from gone
