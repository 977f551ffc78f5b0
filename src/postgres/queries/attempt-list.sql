-- Attempts of one task, oldest first.
-- Input: $1 task, $2 limit. Output: the newest rows within the limit. Atomicity: one read.
select * from (
  select run, attempt, epoch_ms(claimed_at) as "claimedAt", epoch_ms(started_at) as "startedAt", epoch_ms(ended_at) as "endedAt",
    outcome, exit_code as "exitCode", signal, reason
  from attempt where task = $1 order by attempt desc limit $2
) newest order by attempt
