-- Who asked what, newest first.
-- Input: $1 limit, $2 project or null. Output: rows. Atomicity: one read.
select id, epoch_ms(at) as at, asked_by as who, claim, reason, action, project, detail from audit
where $2::text is null or project = $2 order by id desc limit $1
