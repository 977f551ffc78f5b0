-- Locks every project for change, in name order, so that two such transactions cannot block each other.
-- Input: none. Output: names. Atomicity: row locks until the transaction ends.
select name from project order by name for update
