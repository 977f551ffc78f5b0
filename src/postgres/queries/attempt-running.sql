-- The slots that are taken.
-- Input: none. Output: a row for each open attempt, oldest first. Atomicity: one read.
select task::text as task, run, project, agent, epoch_ms(coalesce(started_at, claimed_at)) as "startedAt", epoch_ms(lease_until) as "leaseUntil",
  handed_at is not null as handed, (select cancel_asked from task where id = a.task) as "cancelAsked"
from attempt a where outcome is null order by claimed_at, run
