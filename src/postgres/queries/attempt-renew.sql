-- Lengthens leases.
-- Input: $1 runs, $2 from now (ms). Output: none. Atomicity: one statement; ended attempts stay as they are, and one that another transaction
--   writes just now is left to the next time, well before its lease ends: nobody waits for attempts in an order of its own.
update attempt set lease_until = clock_timestamp() + $2::bigint * interval '1 millisecond' where run in (
  select run from attempt where run = any ($1::text[]) and ended_at is null for no key update skip locked
)
