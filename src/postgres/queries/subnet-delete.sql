-- Frees a project's subnet.
-- Input: $1 project. Output: none. Atomicity: one statement.
delete from subnet where project = $1
