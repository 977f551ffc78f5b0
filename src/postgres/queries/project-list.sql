-- Every recorded project, or one.
-- Input: $1 name or null. Output: rows by name. Atomicity: one read.
select p.name, p.spec, p.generation, p.source, p.declared, p.wanted, p.phase, epoch_ms(p.phase_since) as "phaseSince", epoch_ms(p.born_at) as "bornAt",
  p.remove_volumes as "removeVolumes", p.restart_serials as "restartSerials", p.replicas,
  p.stopped_agents as "stoppedAgents", s.subnet::text as subnet, p.journal_seq as "journalSeq"
from project p left join subnet s on s.project = p.name
where $1::text is null or p.name = $1
order by p.name
