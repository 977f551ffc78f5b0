-- Records submissions in the audit log: one row for each agent of the batch.
-- Input: $1 who, $2 claim, $3 reason, $4 epoch, arrays of the new tasks: $5 projects, $6 agents, $7 ids. Output: none.
-- Atomicity: in the transaction of the submission.
insert into audit (asked_by, claim, reason, action, project, detail, epoch)
select $1, $2, $3, 'task.submit', project, case when count(*) = 1 then format('%s to %s', min(id), agent)
    else format('%s tasks to %s, first %s', count(*), agent, (array_agg(id order by place))[1]) end, $4::bigint
from unnest($5::text[], $6::text[], $7::text[]) with ordinality as t (project, agent, id, place) group by project, agent order by min(place)
