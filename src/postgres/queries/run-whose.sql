-- Whose runs these are, and of which tasks they are attempts.
-- Input: $1 project, $2 runs. Output: a row for each that is recorded. Atomicity: one read.
select r.id as run, r.agent, r.replica, a.task::text as task from run r left join attempt a on a.run = r.id
where r.id = any ($2::text[]) and r.project = $1
