-- When the last attempt of each given agent ended, since its project came to be.
-- Input: arrays: $1 project, $2 agent. Output: a row an agent that had one. Atomicity: one read.
select g.project, epoch_ms(a.ended_at) as "endedAt"
from unnest($1::text[], $2::text[]) as g (project, agent) join project p on p.name = g.project, lateral (
  select ended_at from attempt a where a.project = g.project and a.agent = g.agent and a.outcome is not null and a.claimed_at >= p.born_at
  order by a.ended_at desc limit 1) as a
