-- Journals intentions before they are acted on.
-- Input: $1 epoch, then arrays: $2 pass, $3 project, $4 step, $5 kind, $6 resource, $7 cause, $8 external, $9 generation.
-- Output: ids in the order given. Atomicity: all or none; opening the same step again returns its row.
with given as (
  select * from unnest($2::text[], $3::text[], $4::int[], $5::text[], $6::text[], $7::text[], $8::boolean[], $9::bigint[])
    with ordinality as g (pass, project, step, kind, resource, cause, external, generation, place)
), opened as (
  insert into step (epoch, pass, project, step, kind, resource, cause, external, generation)
  select $1, pass, project, step, kind, resource, cause, external, generation from given order by place
  on conflict (epoch, pass, project, step) do update set opened_at = step.opened_at where step.outcome is null
  returning id, pass, project, step
)
select o.id from given g join opened o using (pass, project, step) order by g.place
