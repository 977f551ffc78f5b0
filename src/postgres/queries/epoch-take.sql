-- Takes the next epoch.
-- Input: $1 holder, $2 floor (the highest epoch seen on containers and runners), $3 the epoch it must still be, or null.
-- Output: the new epoch; no row when it moved or there is no install. Atomicity: one statement; waits for the fenced transactions before it.
update install set epoch = 1 + greatest(epoch, $2::bigint), holder = $1
where $3::bigint is null or epoch = $3
returning epoch
