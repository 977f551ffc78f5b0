-- Keeps the answer to a request that was carried out, for its repeats.
-- Input: $1 key, $2 hash of the request, $3 the answer's text as a JSON string. Output: none.
-- Atomicity: one statement; what is kept already stays.
insert into answer (key, body_hash, answer) values ($1, $2, $3::jsonb) on conflict (key) do nothing
