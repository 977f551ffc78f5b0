-- Writes what an accept changes in known projects.
-- Input: $1 JSON array of {name, spec, generation, source, declared, wanted, phase, replicas, stoppedAgents}. Output: none.
-- Atomicity: one statement; the lifecycle trigger refuses illegal moves.
update project p set spec = r.spec, generation = r.generation, source = r.source, declared = r.declared, wanted = r.wanted,
  phase = r.phase, replicas = r.replicas, stopped_agents = r."stoppedAgents"
from jsonb_to_recordset($1::jsonb) as r (
  name text, spec jsonb, generation bigint, source text, declared boolean, wanted text, phase text, replicas jsonb, "stoppedAgents" text[])
where p.name = r.name
