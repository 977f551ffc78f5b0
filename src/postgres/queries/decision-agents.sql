-- The newest decisions about agents of one project: attempts that hold slots, and the last that ended since the project came to be.
-- Input: $1 project, $2 agents, $3 limit. Output: rows, newest first. Atomicity: one read.
with newest as (
  (select a.* from attempt a where a.project = $1 and a.outcome is null and a.agent = any ($2::text[]) order by a.claimed_at desc limit $3)
  union all
  select a.* from project p, unnest($2::text[]) as agent (name), lateral (
    select * from attempt a where a.project = $1 and a.agent = agent.name and a.outcome is not null and a.claimed_at >= p.born_at
    order by a.ended_at desc limit $3) as a
  where p.name = $1
)
select task::text as task, attempt, project, agent, epoch_ms(claimed_at) as "claimedAt", given_by as "givenBy", why,
  epoch_ms(ended_at) as "endedAt", outcome, next_state as "nextState", wait_ms as "waitMs"
from newest order by claimed_at desc limit $3
