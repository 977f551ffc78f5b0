-- Locks one project for change.
-- Input: $1 name. Output: at most one row. Atomicity: row lock until the transaction ends; who only needs the project to stay (project-keep) does not wait.
select journal_seq as "journalSeq" from project where name = $1 for no key update
