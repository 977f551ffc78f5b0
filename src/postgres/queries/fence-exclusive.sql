-- Like fence, and lets only one such transaction in at a time (generations are numbered without a gap).
-- Input: $1 my epoch. Output: one row if it is current, none if stale. Atomicity: exclusive row lock until the transaction ends.
select 1 as current from install where epoch = $1 and epoch > 0 for update
