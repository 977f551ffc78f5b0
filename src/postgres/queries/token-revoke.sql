-- Ends a token.
-- Input: $1 id or name. Output: the row; none when nothing of that id or name is unrevoked. Atomicity: with its audit record.
update token set revoked_at = clock_timestamp()
where id = (select id from token where (id = $1 or name = $1) and revoked_at is null order by (id = $1) desc limit 1)
returning id, name, scope, project, epoch_ms(created_at) as "createdAt", created_by as "createdBy",
  epoch_ms(expires_at) as "expiresAt", epoch_ms(revoked_at) as "revokedAt"
