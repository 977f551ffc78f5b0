-- How many tasks wait for a slot and how many attempts have one.
-- Input: none. Output: one row. Atomicity: one read.
select (select count(*)::int from task where state = 'ready') as ready, (select count(*)::int from attempt where outcome is null) as running
