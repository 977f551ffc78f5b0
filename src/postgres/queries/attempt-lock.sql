-- Open attempts with what decides what becomes of their tasks.
-- Input: $1 runs, $2 their project, or null: any. Output: a row for each that has not ended. Atomicity: the tasks are locked in id order, and nobody ends an attempt without.
select t.run, t.id::text as task, t.attempts, t.max_attempts as "maxAttempts", t.backoff_ms as "backoffMs", t.cancel_asked as "cancelAsked",
  t.reason, coalesce((select p.wanted = 'removed' from project p where p.name = t.project), true) as leaving
from task t
where t.id in (select task from attempt where run = any ($1::text[]) and ended_at is null and ($2::text is null or project = $2)) and t.run = any ($1::text[])
order by t.id for update
