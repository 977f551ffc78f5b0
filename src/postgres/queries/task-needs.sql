-- The states of tasks that others are to wait for.
-- Input: $1 ids. Output: a row for each that exists. Atomicity: share locks in id order: none of them ends until the transaction does.
select id::text as id, project, state from task where id = any ($1::bigint[]) order by task.id for share
