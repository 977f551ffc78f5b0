-- What opens the API now, with hashes.
-- Input: none. Output: rows. Atomicity: one read.
select id, name, scope, project, epoch_ms(created_at) as "createdAt", created_by as "createdBy",
  epoch_ms(expires_at) as "expiresAt", null as "revokedAt", encode(hash, 'hex') as hash
from token where revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
