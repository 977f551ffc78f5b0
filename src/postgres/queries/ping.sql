-- Whether the server answers.
-- Input: none. Output: one row. Atomicity: reads nothing.
select 1 as one
