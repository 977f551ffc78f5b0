-- When a project came to be: what its removed predecessor of the same name did is history, not the project's own.

-- Of those that are there already nobody knows it: all that is recorded under their names counts, as before.
alter table project add column born_at timestamptz not null default 'epoch';
alter table project alter column born_at set default clock_timestamp();
