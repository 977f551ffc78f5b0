-- Adds measured slots of 10 s.
-- Input: $1 at (ms) … $13 wait, arrays of equal length in the order of the columns. Output: none.
-- Atomicity: one statement; a slot that is there stays as it is, so a repetition after a lost answer changes nothing.
insert into usage (slot, at, project, cpus, cpus_max, memory, memory_max, memory_limit, throttled, pids, restarts, oom_kills, queue_depth, wait)
select 10, at_ms(given.at), given.project, given.cpus, given.cpus_max, given.memory, given.memory_max, given.memory_limit,
  given.throttled, given.pids, given.restarts, given.oom_kills, given.queue_depth, given.wait
from unnest($1::bigint[], $2::text[], $3::real[], $4::real[], $5::real[], $6::real[], $7::real[], $8::real[], $9::integer[],
  $10::integer[], $11::integer[], $12::real[], $13::real[])
  as given (at, project, cpus, cpus_max, memory, memory_max, memory_limit, throttled, pids, restarts, oom_kills, queue_depth, wait)
on conflict do nothing
