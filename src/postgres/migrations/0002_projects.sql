-- Accepted declarations by generation, projects, and the lifecycle table as a guard.

create table generation (
  generation bigint primary key,
  at timestamptz not null default clock_timestamp(),
  source text not null,
  bundle jsonb not null,
  declaration jsonb not null,
  asked_by text not null,
  claim text,
  reason text,
  rollback_of bigint,
  epoch bigint not null
);

-- The same moves as TRANSITIONS in src/model/lifecycle.ts; a test compares the two.
create table lifecycle_move (
  from_phase text not null,
  to_phase text not null,
  primary key (from_phase, to_phase)
);

insert into lifecycle_move (from_phase, to_phase)
select moves.from_phase, unnest(moves.to_phases)
from (values
  ('inactive', array['activating', 'completing', 'removing']),
  ('activating', array['active', 'pausing', 'completing', 'deactivating', 'removing']),
  ('active', array['activating', 'pausing', 'completing', 'deactivating', 'removing']),
  ('pausing', array['paused', 'resuming', 'activating', 'completing', 'deactivating', 'removing']),
  ('paused', array['resuming', 'pausing', 'completing', 'deactivating', 'removing']),
  ('resuming', array['active', 'pausing', 'completing', 'deactivating', 'removing']),
  ('completing', array['completed', 'activating', 'deactivating', 'removing']),
  ('completed', array['activating', 'deactivating', 'removing']),
  ('deactivating', array['inactive', 'activating', 'completing', 'removing']),
  ('removing', array['removed'])
) as moves (from_phase, to_phases);

create table project (
  name text primary key,
  spec jsonb not null,
  generation bigint not null,
  source text not null,
  declared boolean not null default true,
  wanted text not null check (wanted in ('active', 'frozen', 'stopped', 'inactive', 'completed', 'removed')),
  phase text not null,
  phase_since timestamptz not null default clock_timestamp(),
  remove_volumes boolean not null default false,
  restart_serials jsonb not null default '{}',
  replicas jsonb not null default '{}',
  stopped_agents text[] not null default '{}',
  -- Highest durable journal sequence number; begins anew with the row, as the spool does.
  journal_seq bigint not null default 0
);

create function project_moves_by_the_table() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    if new.phase <> 'activating' then
      raise exception 'a project begins as activating, not %', new.phase using errcode = 'BR001';
    end if;
    return new;
  elsif tg_op = 'DELETE' then
    if old.phase <> 'removed' then
      raise exception 'only a removed project may be forgotten, not one that is %', old.phase using errcode = 'BR001';
    end if;
    return old;
  end if;
  if new.phase <> old.phase then
    perform from lifecycle_move where from_phase = old.phase and to_phase = new.phase;
    if not found then
      raise exception 'project % may not move from % to %', old.name, old.phase, new.phase using errcode = 'BR001';
    end if;
    new.phase_since := clock_timestamp();
  end if;
  return new;
end $$;

create trigger project_moves_by_the_table before insert or update or delete on project
  for each row execute function project_moves_by_the_table();

-- A /28 a project; the exclusion makes an overlap impossible whatever the allocator believes.
create table subnet (
  project text primary key references project (name) on delete cascade,
  subnet cidr not null,
  exclude using gist (subnet inet_ops with &&)
);
