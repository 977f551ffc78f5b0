-- How many tasks of every agent are in which state.
-- Input: none. Output: rows. Atomicity: one read.
select project, agent, state, count(*)::int as count from task group by project, agent, state order by project, agent, state
