-- Like fence, and lets only one such transaction in at a time (generations are numbered without a gap).
-- Input: $1 my epoch. Output: one row; a stale epoch fails the transaction (BR003). Atomicity: exclusive row lock until the transaction ends.
select hold_epoch_alone($1)
