-- Every migration applied, as node-pg-migrate remembers them.
-- Input: none. Output: rows. Atomicity: one statement.
select name from migration
