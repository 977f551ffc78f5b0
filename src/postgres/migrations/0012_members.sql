-- Which projects were in force with a generation: its sources' declarations may still name what was removed by then.
-- Null for those accepted before this was kept: all that their sources name.
alter table generation add column members text[];
