-- Writes the operator's wish for one project.
-- Input: $1 name, $2 wanted, $3 phase, $4 remove volumes, $5 restart serials, $6 replicas, $7 stopped agents.
-- Output: none. Atomicity: under project-lock; the lifecycle trigger refuses illegal moves.
update project set wanted = $2, phase = $3, remove_volumes = $4, restart_serials = $5::jsonb, replicas = $6::jsonb, stopped_agents = $7::text[]
where name = $1
