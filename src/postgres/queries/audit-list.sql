-- Who asked what, newest first.
-- Input: $1 limit, $2 project or null, $3 not before (ms) or null, $4 ids below this or null, $5 action or null. Output: rows. Atomicity: one read.
select id, epoch_ms(at) as at, asked_by as who, claim, reason, action, project, detail from audit
where ($2::text is null or project = $2) and ($3::bigint is null or at >= at_ms($3)) and ($4::bigint is null or id < $4)
  and ($5::text is null or action = $5)
order by id desc limit $1
