-- How the newest attempts of every agent went, beside its own longer history; cancelled ones say nothing of it.
-- Input: $1 how many are the newest, $2 how many are its history. Output: a row an agent. Atomicity: one read.
with recursive worker as (
  (select project, agent from attempt where outcome is not null order by project, agent limit 1)
  union all
  select next.project, next.agent from worker w, lateral (
    select a.project, a.agent from attempt a where a.outcome is not null and (a.project, a.agent) > (w.project, w.agent)
    order by a.project, a.agent limit 1) as next
)
select w.project, w.agent, s.ended::int as ended, s.succeeded::int as succeeded, s.mean::float8 as "meanMs", s.baseline::float8 as "baselineMs"
from worker w, lateral (
  select count(*) filter (where place <= $1) as ended, count(*) filter (where place <= $1 and ok) as succeeded,
    coalesce(avg(ms) filter (where place <= $1 and ok), avg(ms) filter (where place <= $1)) as mean,
    coalesce(avg(ms) filter (where ok), avg(ms)) as baseline
  from (
    select row_number() over (order by a.ended_at desc) as place, a.outcome = 'succeeded' as ok,
      greatest(0, epoch_ms(a.ended_at) - epoch_ms(coalesce(a.started_at, a.claimed_at))) as ms
    from attempt a where a.project = w.project and a.agent = w.agent and a.outcome is not null and a.outcome <> 'cancelled'
    order by a.ended_at desc limit $2) as newest
) as s
where s.ended > 0
