-- Questions, newest first.
-- Input: $1 project or null, $2 agent or null, $3 task or null, $4 states (empty: all), $5 id to go on after or null, $6 limit. Output: rows.
-- Atomicity: one read.
select question_record(q) as record from question q
where ($1::text is null or project = $1) and ($2::text is null or agent = $2) and ($3::bigint is null or task = $3)
  and (cardinality($4::text[]) = 0
    or case when answered_at is not null then 'answered' when withdrawn_at is not null then 'withdrawn' else 'open' end = any ($4))
  and ($5::bigint is null or id < $5)
order by id desc limit $6
