-- How far each width has been rolled up.
-- Input: none. Output: a row a width with rows, its newest slot in ms; of the host, which has one whenever anybody has.
-- Atomicity: one statement.
select slot, epoch_ms(max(at)) as newest from usage where project = '' and slot > 10 group by slot
