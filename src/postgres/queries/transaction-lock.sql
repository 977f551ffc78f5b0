-- Lets one transaction at a time past a point.
-- Input: $1, $2 lock key. Output: one row. Atomicity: held until the transaction ends.
select pg_advisory_xact_lock($1::int, $2::int)
