-- Records started runs.
-- Input: $1 project, $2 epoch, then arrays: $3 id, $4 agent, $5 replica, $6 boot, $7 generation, $8 started at (ms).
-- Output: none. Atomicity: one statement; a known run stays as it is.
insert into run (project, epoch, id, agent, replica, boot, generation, started_at)
select $1, $2, id, agent, replica, boot, generation, at_ms(at)
from unnest($3::text[], $4::text[], $5::int[], $6::text[], $7::bigint[], $8::bigint[]) as r (id, agent, replica, boot, generation, at)
on conflict (project, id) do nothing
