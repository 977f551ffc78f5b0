-- Records a new token.
-- Input: $1 id, $2 name, $3 hash in hex, $4 scope, $5 project or null, $6 created by, $7 expiry (ms) or null. Output: the row.
-- Atomicity: in the transaction of its audit record.
insert into token (id, name, hash, scope, project, created_by, expires_at)
values ($1, $2, decode($3, 'hex'), $4, $5, $6, at_ms($7))
returning id, name, scope, project, epoch_ms(created_at) as "createdAt", created_by as "createdBy",
  epoch_ms(expires_at) as "expiresAt", epoch_ms(revoked_at) as "revokedAt"
