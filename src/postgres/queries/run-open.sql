-- Boots of runners that have runs without a terminal record.
-- Input: none. Output: project and boot, in order. Atomicity: one read.
select distinct project, boot from run where outcome is null order by project, boot
