-- Tasks without payload and result, newest first.
-- Input: $1 project or null, $2 agent or null, $3 states (empty: all), $4 tag or null, $5 id to go on after or null, $6 limit. Output: rows.
-- Atomicity: one read.
select task_summary(t) as record from task t
where ($1::text is null or project = $1) and ($2::text is null or agent = $2) and (cardinality($3::text[]) = 0 or state = any ($3))
  and ($4::text is null or $4 = any (tags)) and ($5::bigint is null or id < $5)
order by id desc limit $6
