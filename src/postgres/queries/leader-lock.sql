-- The session lock that says "this leader lives".
-- Input: $1, $2 lock key. Output: held. Atomicity: session lock, ends with the connection.
select pg_try_advisory_lock($1::int, $2::int) as held
