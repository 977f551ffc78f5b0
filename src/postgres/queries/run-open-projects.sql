-- Projects that have runs without a terminal record.
-- Input: none. Output: names in order. Atomicity: one read.
select distinct project from run where outcome is null order by project
