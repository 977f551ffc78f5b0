-- Usage history: one row a project and slot of 10 s, 1 min or 1 h, partitioned so that forgetting is dropping a table.

create table usage (
  slot integer not null check (slot in (10, 60, 3600)),
  at timestamptz not null,
  -- '' is the host.
  project text not null,
  cpus real,
  cpus_max real,
  memory real,
  memory_max real,
  memory_limit real,
  throttled real,
  pids integer,
  restarts integer not null,
  oom_kills integer not null,
  queue_depth real not null,
  wait real not null,
  primary key (slot, project, at)
) partition by list (slot);

create table usage_10 partition of usage for values in (10) partition by range (at);
create table usage_60 partition of usage for values in (60) partition by range (at);
create table usage_3600 partition of usage for values in (3600) partition by range (at);

-- Makes the partitions that hold times from `first` to `last` (ms), and drops those that end `kept` days before `today` (ms).
-- A partition is named by its number since 1970, so its bounds follow from its name.
create function usage_partitions(width integer, days integer, kept integer, first bigint, last bigint, today bigint)
returns table (made integer, dropped integer) language plpgsql as $$
declare
  span bigint := days * 86400000::bigint;
  parent text := 'usage_' || width;
  one record;
  part text;
begin
  made := 0;
  dropped := 0;
  for n in first / span .. last / span loop
    part := parent || '_' || n;
    if to_regclass(part) is null then
      execute format('create table %I partition of %I for values from (%L) to (%L)',
        part, parent, at_ms(n * span), at_ms((n + 1) * span));
      made := made + 1;
    end if;
  end loop;
  for one in
    select child.relname from pg_inherits join pg_class child on child.oid = inhrelid
    where inhparent = parent::regclass
      and (substring(child.relname from '[0-9]+$')::bigint + 1) * span <= today - kept * 86400000::bigint
  loop
    execute format('drop table %I', one.relname);
    dropped := dropped + 1;
  end loop;
  return next;
end $$;
