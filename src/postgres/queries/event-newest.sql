-- Events after a position, newest first.
-- Input: $1 id or null, $2 project or null, $3 kinds (empty: all), $4 limit. Output: rows. Atomicity: one read.
select id, epoch_ms(at) as at, project, kind, cause, message, fields from event
where id > coalesce($1::bigint, 0) and ($2::text is null or project = $2) and (cardinality($3::text[]) = 0 or kind = any ($3))
order by id desc limit $4
