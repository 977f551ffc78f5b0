-- Marks attempts as held by their runners.
-- Input: $1 runs. Output: none. Atomicity: one statement; ended attempts stay as they are.
update attempt set handed_at = clock_timestamp() where run = any ($1::text[]) and ended_at is null and handed_at is null
