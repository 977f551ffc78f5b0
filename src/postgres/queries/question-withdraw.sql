-- Withdraws questions their askers took back.
-- Input: $1 project, then arrays: $2 run, $3 key, $4 reason, $5 at (ms). Output: the questions, answered ones too.
-- Atomicity: one statement; what was delivered or withdrawn stays as it is.
update question q set withdrawn_at = at_ms(g.at), withdrawn_reason = g.reason
from unnest($2::text[], $3::text[], $4::text[], $5::bigint[]) as g (run, key, reason, at)
where q.project = $1 and q.run = g.run and q.key = g.key and q.delivered_at is null and q.withdrawn_at is null
returning question_record(q) as record
