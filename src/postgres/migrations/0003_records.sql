-- What happened: runs, the step journal, events, the audit and the answers already given.

create table run (
  project text not null,
  id text not null,
  agent text not null,
  replica integer not null,
  boot text not null,
  epoch bigint not null,
  generation bigint not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  outcome text check (outcome in ('succeeded', 'failed', 'killed', 'stopped', 'lost')),
  exit_code integer,
  signal text,
  oom boolean not null default false,
  reason text,
  primary key (project, id),
  check ((outcome is null) = (ended_at is null))
);
create index run_newest on run (started_at desc, id);
create index run_of_project on run (project, started_at desc, id);
create index run_open on run (project) where outcome is null;
create index run_ended on run (ended_at) where outcome is not null;

create function run_ends_once() returns trigger language plpgsql as $$
begin
  if old.outcome is not null and (new.outcome, new.ended_at, new.exit_code, new.signal, new.oom, new.reason)
     is distinct from (old.outcome, old.ended_at, old.exit_code, old.signal, old.oom, old.reason) then
    raise exception 'run % of % has ended (%), its end is written once', old.id, old.project, old.outcome using errcode = 'BR002';
  end if;
  return new;
end $$;

create trigger run_ends_once before update on run
  for each row execute function run_ends_once();

create table step (
  id bigint generated always as identity primary key,
  epoch bigint not null,
  pass text not null,
  project text not null,
  step integer not null,
  kind text not null,
  resource text not null,
  cause text not null,
  external boolean not null,
  generation bigint not null,
  opened_at timestamptz not null default clock_timestamp(),
  outcome text check (outcome in ('done', 'failed', 'skipped')),
  code text,
  detail text,
  settled_at timestamptz,
  -- Opening again after a lost answer finds the same row.
  unique (epoch, pass, project, step)
);
create index step_of_project on step (project, id desc);
create index step_open on step (epoch) where outcome is null;
create index step_settled on step (settled_at) where outcome is not null;

-- Ids are handed out under an advisory lock held to the commit: a reader that follows `id > last` misses nothing.
create table event (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  project text,
  kind text not null,
  cause text not null,
  message text not null,
  fields jsonb not null default '{}'
);
create index event_of_project on event (project, id);
create index event_at on event (at);

create table audit (
  id bigint generated always as identity primary key,
  at timestamptz not null default clock_timestamp(),
  asked_by text not null,
  claim text,
  reason text,
  action text not null,
  project text,
  detail text not null,
  epoch bigint not null
);
create index audit_of_project on audit (project, id desc);
create index audit_at on audit (at);

-- Answers to writes that carried an idempotency key.
create table answer (
  key text primary key,
  body_hash text not null,
  answer jsonb,
  at timestamptz not null default clock_timestamp()
);
create index answer_at on answer (at);
