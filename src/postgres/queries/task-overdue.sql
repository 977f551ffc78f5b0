-- Ends waiting tasks whose deadline has passed, each with what held it then.
-- Input: $1 now (ms), $2 batch, then arrays: $3 project, $4 agent, $5 what keeps their ready tasks from starting. Output: the tasks.
-- Atomicity: one statement; one that another transaction moves is left to the next time.
with due as (
  select id from task where state in ('pending', 'ready') and deadline_at <= at_ms($1) order by deadline_at limit $2 for update skip locked
), held as (
  select * from unnest($3::text[], $4::text[], $5::text[]) as h (project, agent, why)
)
update task t set state = 'timed-out', ended_at = clock_timestamp(), not_before = null, reason = case
    when t.state = 'pending' and t.unmet > 0 then format('deadline passed while it waited for task %s',
      (select string_agg(n.needs::text, ', ' order by n.needs) from task_need n where n.task = t.id))
    when t.state = 'pending' and t.not_before is not null then 'deadline passed while it waited to be tried again'
      || coalesce(': ' || t.reason, '')
    else 'deadline passed while it waited' || coalesce(': ' || (select why from held h where h.project = t.project and h.agent = t.agent), '')
  end
from due where t.id = due.id
returning task_record(t) as record
