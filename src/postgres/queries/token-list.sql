-- Tokens, newest first; those that ended are kept a while.
-- Input: none. Output: rows. Atomicity: one read.
select id, name, scope, project, epoch_ms(created_at) as "createdAt", created_by as "createdBy",
  epoch_ms(expires_at) as "expiresAt", epoch_ms(revoked_at) as "revokedAt"
from token order by created_at desc, id limit 1000
