-- Every allocated subnet.
-- Input: none. Output: rows. Atomicity: under the allocation lock.
select project, subnet::text as subnet from subnet
