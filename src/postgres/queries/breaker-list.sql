-- Breakers as last written.
-- Input: none. Output: a row a project (agent empty) or agent. Atomicity: one read.
select project, agent, state, epoch_ms(through) as through from breaker
