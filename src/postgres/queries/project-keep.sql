-- Which projects exist and whether they are leaving; they stay until the transaction ends.
-- Input: $1 names. Output: a row each. Atomicity: key-share locks in name order: a removal waits, a journal does not.
select name, wanted = 'removed' as leaving from project where name = any ($1::text[]) order by name for key share
