-- The database clock.
-- Input: none. Output: one row, milliseconds since the epoch. Atomicity: reads nothing.
select epoch_ms(clock_timestamp()) as now
