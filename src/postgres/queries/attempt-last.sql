-- When the last attempt of each given agent ended.
-- Input: arrays: $1 project, $2 agent. Output: a row an agent that had one. Atomicity: one read.
select g.project, epoch_ms(a.ended_at) as "endedAt"
from unnest($1::text[], $2::text[]) as g (project, agent), lateral (
  select ended_at from attempt a where a.project = g.project and a.agent = g.agent and a.outcome is not null
  order by a.ended_at desc limit 1) as a
