-- Makes and drops partitions of usage history.
-- Input: $1 width s, $2 days a partition, $3 days kept, $4 first ms, $5 last ms, $6 today ms. Output: one row, made and dropped.
-- Atomicity: one transaction; a partition that is there is left alone.
select made, dropped from usage_partitions($1, $2, $3, $4, $5, $6)
