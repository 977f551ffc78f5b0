-- Ends the tokens of a project that is gone: another one may take its name.
-- Input: $1 project. Output: none. Atomicity: in the transaction that forgets the project.
update token set revoked_at = clock_timestamp() where project = $1 and revoked_at is null
