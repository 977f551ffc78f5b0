-- Whether the server answers, and takes writes.
-- Input: none. Output: one row. Atomicity: reads nothing.
select current_setting('transaction_read_only') = 'off' as writable
