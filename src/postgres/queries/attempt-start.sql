-- Marks attempts as started, as their runner's journal tells.
-- Input: $1 project, then arrays: $2 run, $3 at (ms). Output: none. Atomicity: one statement; ended attempts stay as they are.
update attempt a set started_at = at_ms(g.at), handed_at = coalesce(a.handed_at, clock_timestamp())
from unnest($2::text[], $3::bigint[]) as g (run, at)
where a.run = g.run and a.project = $1 and a.ended_at is null and a.started_at is null
