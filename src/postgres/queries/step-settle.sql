-- Writes the outcome of open steps.
-- Input: arrays: $1 row id, $2 outcome, $3 code, $4 detail. Output: none. Atomicity: one statement; a settled step stays as it is.
update step s set outcome = r.outcome, code = r.code, detail = r.detail, settled_at = clock_timestamp()
from unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) as r (id, outcome, code, detail)
where s.id = r.id and s.outcome is null
