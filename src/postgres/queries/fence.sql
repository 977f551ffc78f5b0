-- Holds the epoch still until the transaction ends.
-- Input: $1 my epoch. Output: one row if it is current, none if stale.
-- Atomicity: the shared row lock makes a takeover wait for this transaction, and one that came first be seen.
select 1 as current from install where epoch = $1 and epoch > 0 for share
