-- Reads usage history in steps.
-- Input: $1 project, $2 slot s, $3 from ms, $4 to ms, $5 step ms. Output: a row a step that has slots, oldest first.
-- Atomicity: one statement. What is not rolled up yet comes from the measured slots of 10 s.
with rolled as (
  select coalesce(max(at) + make_interval(secs => $2::integer), at_ms($3)) as until
  from usage where slot = $2::integer and $2::integer > 10 and project = $1 and at >= at_ms($3) and at < at_ms($4)
), found as (
  select usage.* from usage where slot = $2::integer and $2::integer > 10 and project = $1 and at >= at_ms($3) and at < at_ms($4)
  union all
  select usage.* from usage, rolled
  where slot = 10 and project = $1 and at >= at_ms($3) and at < at_ms($4) and ($2::integer = 10 or at >= rolled.until)
)
select epoch_ms(at) / $5::bigint * $5::bigint as at, avg(cpus) as cpus, max(cpus_max) as "cpusMax", avg(memory) as "memoryBytes",
  max(memory_max)::float8 as "memoryMaxBytes", max(memory_limit)::float8 as "memoryLimitBytes", avg(throttled) as "throttledCpus",
  max(pids) as pids, sum(restarts)::integer as restarts, sum(oom_kills)::integer as "oomKills",
  max(queue_depth)::float8 as "queueDepth", max(wait)::float8 as "waitSeconds"
from found group by 1 order by 1
