-- Runs, newest first.
-- Input: $1 project or null, $2 agent or null, $3 limit. Output: rows. Atomicity: one read.
select id, project, agent, replica, boot as "bootId", epoch, generation, epoch_ms(started_at) as "startedAt", epoch_ms(ended_at) as "endedAt",
  outcome, exit_code as "exitCode", signal, oom, reason
from run where ($1::text is null or project = $1) and ($2::text is null or agent = $2)
order by started_at desc, id desc limit $3
