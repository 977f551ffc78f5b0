-- Frees the name of a token that ran out.
-- Input: $1 name. Output: none. Atomicity: in the transaction that creates the next one of that name.
update token set revoked_at = expires_at where name = $1 and revoked_at is null and expires_at <= clock_timestamp()
