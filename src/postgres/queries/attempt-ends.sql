-- The newest ends of every agent of the projects there are, for what is measured of it; not those of a removed project of the same name.
-- Input: $1 how many an agent. Output: rows, oldest first. Atomicity: one read.
with recursive worker as (
  (select project, agent from attempt where outcome is not null order by project, agent limit 1)
  union all
  select next.project, next.agent from worker w, lateral (
    select a.project, a.agent from attempt a where a.outcome is not null and (a.project, a.agent) > (w.project, w.agent)
    order by a.project, a.agent limit 1) as next
)
select a.task::text as task, a.project, a.agent, a.outcome, a.exit_code as "exitCode", a.signal,
  epoch_ms(coalesce(a.started_at, a.claimed_at)) as "startedAt", epoch_ms(a.ended_at) as "endedAt"
from worker w join project p on p.name = w.project, lateral (
  select * from attempt a where a.project = w.project and a.agent = w.agent and a.outcome is not null and a.claimed_at >= p.born_at
  order by a.ended_at desc limit $1) as a
order by a.ended_at
