-- Tasks without payload and result, newest first, each with when the process of its latest attempt ran.
-- Input: $1 project or null, $2 agent or null, $3 states (empty: all), $4 tag or null, $5 id to go on after or null, $6 limit. Output: rows.
-- Atomicity: one read.
select task_summary(t) as record, (select json_build_object('from', epoch_ms(a.started_at), 'until', epoch_ms(a.ended_at)) from attempt a
  where a.run = t.run and a.started_at is not null) as ran
from task t
where ($1::text is null or project = $1) and ($2::text is null or agent = $2) and (cardinality($3::text[]) = 0 or state = any ($3))
  and ($4::text is null or $4 = any (tags)) and ($5::bigint is null or id < $5)
order by id desc limit $6
