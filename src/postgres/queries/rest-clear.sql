-- A project has woken.
-- Input: $1 project. Output: none. Atomicity: one statement.
delete from rest where project = $1
