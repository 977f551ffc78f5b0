-- One run with the memory it took, by its id, which is random and so belongs to one project.
-- Input: $1 id. Output: a row or none. Atomicity: one read.
select id, project, agent, replica, boot as "bootId", epoch, generation, epoch_ms(started_at) as "startedAt", epoch_ms(ended_at) as "endedAt",
  outcome, exit_code as "exitCode", signal, oom, reason, memory
from run where id = $1 order by started_at desc limit 1
