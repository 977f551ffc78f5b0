-- Forgets a removed project, its subnet with it; runs, events, steps and audit stay.
-- Input: $1 name. Output: none. Atomicity: in the transaction that settled `removed`.
delete from project where name = $1 and phase = 'removed'
