-- Open attempts of a project.
-- Input: $1 project, $2 only those that a runner has. Output: runs. Atomicity: one read.
select run from attempt where project = $1 and outcome is null and (handed_at is not null or not $2::boolean)
