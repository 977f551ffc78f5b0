-- Records an accepted declaration.
-- Input: $1 generation, $2 source, $3 bundle, $4 declaration, $5 who, $6 claim, $7 reason, $8 rollback of, $9 epoch.
-- Output: none. Atomicity: under fence-exclusive, so that generations have no gap.
insert into generation (generation, source, bundle, declaration, asked_by, claim, reason, rollback_of, epoch)
values ($1, $2, $3::jsonb, $4::jsonb, $5, $6, $7, $8, $9)
