-- Generations, newest first, without their texts.
-- Input: $1 limit, $2 before which one (null: from the newest on). Output: rows. Atomicity: one read.
select generation, epoch_ms(at) as at, source, asked_by as who, claim, reason, rollback_of as "rollbackOf",
  array(select jsonb_object_keys(declaration -> 'projects') order by 1) as projects
from generation where $2::bigint is null or generation < $2::bigint order by generation desc limit $1
