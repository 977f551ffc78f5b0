-- The newest accepted declaration.
-- Input: none. Output: at most one row. Atomicity: one read.
select generation, declaration from generation order by generation desc limit 1
