-- Journals a step that this very transaction carries out: it is done if it is there.
-- Input: $1 epoch, $2 pass, $3 project, $4 step, $5 kind, $6 resource, $7 cause, $8 external, $9 generation. Output: none. Atomicity: one row.
insert into step (epoch, pass, project, step, kind, resource, cause, external, generation, outcome, settled_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'done', clock_timestamp())
