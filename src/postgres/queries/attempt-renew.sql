-- Lengthens leases.
-- Input: $1 runs, $2 from now (ms). Output: none. Atomicity: one statement; ended attempts stay as they are.
update attempt set lease_until = clock_timestamp() + $2::bigint * interval '1 millisecond' where run = any ($1::text[]) and ended_at is null
