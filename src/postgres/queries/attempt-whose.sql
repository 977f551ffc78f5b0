-- Whose attempt a run is.
-- Input: $1 run. Output: at most one row. Atomicity: one read.
select task::text as task, project, agent from attempt where run = $1
