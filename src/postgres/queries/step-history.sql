-- Steps, newest first.
-- Input: $1 project or null, $2 limit. Output: rows. Atomicity: one read.
select id as "rowId", epoch, pass, project, step, kind, resource, cause, external, generation, epoch_ms(opened_at) as "openedAt",
  outcome, detail, epoch_ms(settled_at) as "settledAt"
from step where $1::text is null or project = $1 order by id desc limit $2
