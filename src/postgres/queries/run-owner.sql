-- The project of a run, also of an attempt whose start is not recorded yet.
-- Input: $1 id. Output: a row or none. Atomicity: one read.
select project from run where id = $1 union all select project from attempt where run = $1 limit 1
