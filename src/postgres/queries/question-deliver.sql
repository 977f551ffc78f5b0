-- Notes that runs have their answers.
-- Input: $1 project, then arrays: $2 run, $3 key, $4 at (ms). Output: none. Atomicity: one statement; what is noted stays as it is.
update question q set delivered_at = at_ms(g.at)
from unnest($2::text[], $3::text[], $4::bigint[]) as g (run, key, at)
where q.project = $1 and q.run = g.run and q.key = g.key and q.answered_at is not null and q.delivered_at is null and q.withdrawn_at is null
