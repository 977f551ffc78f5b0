-- Steps that leaders of other epochs left open.
-- Input: $1 my epoch. Output: rows, oldest first. Atomicity: one read.
select id as "rowId", epoch, pass, project, step, kind, resource, cause, external, generation, epoch_ms(opened_at) as "openedAt"
from step where outcome is null and epoch <> $1 order by id
