-- Forgets all but the newest generations, what their accepted sets consist of and those a project still stands on, a batch at a time.
-- Input: $1 how many to keep, $2 batch. Output: a row each. Atomicity: one statement.
with oldest as (select max(generation) - $1 as gone from generation),
needed as (
  select part.value::bigint as generation
  from generation n cross join jsonb_each_text(n.sources) as part
  where n.generation > (select gone from oldest))
delete from generation where generation in (
  select g.generation from generation g
  where g.generation <= (select gone from oldest)
    and not exists (select from project p where p.generation = g.generation)
    and not exists (select from needed where needed.generation = g.generation)
  order by g.generation limit $2)
returning 1 as gone
