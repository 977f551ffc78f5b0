-- Writes terminal records, making the run where its start was never told.
-- Input: $1 project, $2 epoch, then arrays: $3 id, $4 agent, $5 replica, $6 boot, $7 generation, $8 started at (ms), $9 ended at (ms),
--   $10 outcome, $11 exit code, $12 signal, $13 oom, $14 reason, $15 memory as JSON.
-- Output: none. Atomicity: one statement; a run that has ended stays as it is.
insert into run (project, epoch, id, agent, replica, boot, generation, started_at, ended_at, outcome, exit_code, signal, oom, reason, memory)
select $1, $2, id, agent, replica, boot, generation, at_ms(started), at_ms(ended), outcome, code, signal, oom, reason, memory::json
from unnest($3::text[], $4::text[], $5::int[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::int[], $12::text[],
  $13::boolean[], $14::text[], $15::text[]) as r (id, agent, replica, boot, generation, started, ended, outcome, code, signal, oom, reason, memory)
on conflict (project, id) do update set ended_at = excluded.ended_at, outcome = excluded.outcome, exit_code = excluded.exit_code,
  signal = excluded.signal, oom = excluded.oom, reason = excluded.reason, memory = excluded.memory
where run.outcome is null
