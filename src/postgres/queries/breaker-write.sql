-- Writes breakers that changed.
-- Input: arrays: $1 project, $2 agent or empty, $3 state as JSON, $4 through (ms). Output: none.
-- Atomicity: one statement; a project that is gone is passed over.
insert into breaker (project, agent, state, through)
select g.project, g.agent, g.state::json, at_ms(g.through)
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as g (project, agent, state, through)
join project p on p.name = g.project
for key share of p
on conflict (project, agent) do update set state = excluded.state, through = excluded.through
