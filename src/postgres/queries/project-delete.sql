-- Forgets a removed project, its subnet with it; runs, events, steps and audit stay.
-- Input: $1 name. Output: none. Atomicity: in the transaction that settled `removed`.
with breakers as (
  delete from breaker where project = $1
), rests as (
  delete from rest where project = $1
)
delete from project where name = $1 and phase = 'removed'
