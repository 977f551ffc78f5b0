-- Marks attempts as held by their runners.
-- Input: $1 runs. Output: none. Atomicity: one statement; ended attempts stay as they are, and one that is being ended or started just now
--   is passed over: that says it too, and waiting for many in another order than an ingest ends them would be a deadlock.
update attempt set handed_at = clock_timestamp() where run in (
  select run from attempt where run = any ($1::text[]) and ended_at is null and handed_at is null for no key update skip locked
)
