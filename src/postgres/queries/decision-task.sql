-- Decisions about one task: its attempts with what gave them their slots and what followed.
-- Input: $1 task, $2 limit. Output: rows, newest first. Atomicity: one read.
select a.task::text as task, a.attempt, a.project, a.agent, epoch_ms(a.claimed_at) as "claimedAt", a.given_by as "givenBy", a.why,
  epoch_ms(a.ended_at) as "endedAt", a.outcome, a.next_state as "nextState", a.wait_ms as "waitMs"
from attempt a where a.task = $1 order by a.attempt desc limit $2
