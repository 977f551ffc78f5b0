-- Takes the next epoch.
-- Input: $1 holder, $2 floor (the highest epoch seen on containers and runners). Output: the new epoch, no row without an install.
-- Atomicity: one statement; waits for the fenced transactions before it.
update install set epoch = 1 + greatest(epoch, $2::bigint), holder = $1 returning epoch
