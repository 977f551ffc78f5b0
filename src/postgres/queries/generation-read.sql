-- One generation with its texts.
-- Input: $1 generation. Output: at most one row. Atomicity: one read.
select generation, epoch_ms(at) as at, source, asked_by as who, claim, reason, rollback_of as "rollbackOf",
  array(select jsonb_object_keys(declaration -> 'projects') order by 1) as projects, bundle, declaration, members
from generation where generation = $1
