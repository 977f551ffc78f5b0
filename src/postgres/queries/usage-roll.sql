-- Rolls finer slots up into wider ones.
-- Input: $1 wider s, $2 finer s, $3 from ms, $4 until ms (both whole wider slots). Output: none.
-- Atomicity: one statement; slots rolled up before stay as they are.
insert into usage (slot, at, project, cpus, cpus_max, memory, memory_max, memory_limit, throttled, pids, restarts, oom_kills, queue_depth, wait)
select $1::integer, at_ms(epoch_ms(at) / ($1::bigint * 1000) * ($1::bigint * 1000)), project,
  avg(cpus), max(cpus_max), avg(memory), max(memory_max), max(memory_limit), avg(throttled), max(pids),
  sum(restarts), sum(oom_kills), max(queue_depth), max(wait)
from usage where slot = $2 and at >= at_ms($3) and at < at_ms($4)
group by 2, 3
on conflict do nothing
