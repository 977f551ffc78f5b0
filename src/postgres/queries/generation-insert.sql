-- Records an accepted declaration, and the accepted set with it: the set before with this source's declaration, or that of the generation rolled back to.
-- Input: $1 generation, $2 source, $3 bundle, $4 declaration, $5 who, $6 claim, $7 reason, $8 rollback of, $9 epoch,
-- $10 names of the projects in force with it.
-- Output: none. Atomicity: under fence-exclusive, so that generations have no gap.
insert into generation (generation, source, bundle, declaration, asked_by, claim, reason, rollback_of, epoch, members, sources)
values ($1, $2, $3::jsonb, $4::jsonb, $5, $6, $7, $8, $9, $10::text[],
  case when $8::bigint is null
    then coalesce((select sources from generation where generation = $1::bigint - 1), '{}') || jsonb_build_object($2::text, $1::bigint)
    else (select sources from generation where generation = $8::bigint)
  end)
