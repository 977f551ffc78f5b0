-- Records what runs ask.
-- Input: $1 project, then $2 JSON array of {run, key, agent, replica, task, text, choices, waits, at (ms)}. Output: those that are new.
-- Atomicity: one statement; a known question stays as it is.
insert into question (project, run, key, agent, replica, task, text, choices, waits, asked_at)
select $1, run, key, agent, replica, task::bigint, text, array(select jsonb_array_elements_text(choices)), waits, at_ms(at)
from rows from (jsonb_to_recordset($2::jsonb)
  as (run text, key text, agent text, replica int, task text, text text, choices jsonb, waits boolean, at bigint))
  with ordinality as g (run, key, agent, replica, task, text, choices, waits, at, place)
order by place
on conflict (project, run, key) do nothing
returning question_record(question) as record
