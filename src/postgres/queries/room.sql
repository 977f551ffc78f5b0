-- Whether the disk has room: writes about 2 MiB beside the tables, of which nothing stays.
-- Input: none; a work_mem below that, and the tables' own tablespace for it. Output: one row. Atomicity: reads and changes nothing.
select count(distinct filling) from (select repeat('x', 1000) || i as filling from generate_series(1, 2000) as i) as sorted
