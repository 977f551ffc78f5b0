-- Ends a project's open runs as lost.
-- Input: $1 project, $2 reason, $3 the boot whose runs alone are meant, or null. Output: the runs that were lost.
-- Atomicity: one statement; a run that has ended stays as it is.
update run set outcome = 'lost', ended_at = clock_timestamp(), reason = $2
where project = $1 and outcome is null and ($3::text is null or boot = $3)
returning id, agent, replica
