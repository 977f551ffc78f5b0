-- When something waiting is due next, and whether any task waits for another one.
-- Input: $1 now (ms). Output: one row; `at` milliseconds or null. Atomicity: one read.
select least(
  (select $1::bigint where exists (select from task where state = 'pending' and blocked_by is not null)),
  (select epoch_ms(min(not_before)) from task where state = 'pending' and unmet = 0),
  (select epoch_ms(min(deadline_at)) from task where state in ('pending', 'ready'))) as at,
  exists (select from task_need) as awaited
