-- The session lock that says "the leader of this epoch lives".
-- Input: $1 lock class, $2 epoch. Output: held. Atomicity: session lock, ends with the connection.
select pg_try_advisory_lock($1::int, $2::int) as held
