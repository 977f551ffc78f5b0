-- Holds the epoch still until the transaction ends.
-- Input: $1 my epoch. Output: one row; a stale epoch fails the transaction (BR003), so nothing sent with this takes effect.
-- Atomicity: the shared row lock makes a takeover wait for this transaction, and one that came first be seen.
select hold_epoch($1)
