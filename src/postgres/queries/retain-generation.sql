-- Forgets all but the newest generations and those a project still stands on, a batch at a time.
-- Input: $1 how many to keep, $2 batch. Output: a row each. Atomicity: one statement.
delete from generation where generation in (
  select g.generation from generation g
  where g.generation <= (select max(generation) from generation) - $1
    and not exists (select from project p where p.generation = g.generation)
  order by g.generation limit $2)
returning 1 as gone
