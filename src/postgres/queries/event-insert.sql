-- Appends events.
-- Input: $1 JSON array of {project, kind, cause, message, fields, at (ms or null: now)}. Output: the rows, oldest first.
-- Atomicity: under the event lock, so that ids become visible in order.
with given as (
  select * from rows from (jsonb_to_recordset($1::jsonb)
    as (project text, kind text, cause text, message text, fields jsonb, at bigint))
    with ordinality as g (project, kind, cause, message, fields, at, place)
), written as (
  insert into event (at, project, kind, cause, message, fields)
  select coalesce(at_ms(at), clock_timestamp()), project, kind, cause, message, fields from given order by place
  returning id, at, project, kind, cause, message, fields
)
select id, epoch_ms(at) as at, project, kind, cause, message, fields from written order by id
