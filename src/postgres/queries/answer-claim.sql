-- Claims an idempotency key.
-- Input: $1 key, $2 hash of the request. Output: one row if the key is new.
-- Atomicity: waits for another transaction that claims the same key.
insert into answer (key, body_hash) values ($1, $2) on conflict (key) do nothing returning key
