-- The install, its fencing epoch, and how times are read and written.
-- One database holds one install: a second one is refused by the primary key.

create function epoch_ms(at timestamptz) returns bigint
  language sql immutable parallel safe
  as $$ select round(extract(epoch from at) * 1000)::bigint $$;

create function at_ms(ms bigint) returns timestamptz
  language sql immutable parallel safe
  as $$ select to_timestamp(ms / 1000.0) $$;

create table install (
  only_row boolean primary key default true check (only_row),
  install text not null check (install ~ '^[a-z0-9]{1,16}$'),
  install_uid uuid not null default gen_random_uuid(),
  -- Every control write locks this row `for share` and compares: a takeover waits for the writes before it and refuses those after it.
  epoch bigint not null default 0,
  holder text,
  created_at timestamptz not null default now()
);

create function install_epoch_rises() returns trigger language plpgsql as $$
begin
  if new.epoch < old.epoch then
    raise exception 'the epoch never goes back: % after %', new.epoch, old.epoch using errcode = 'BR003';
  end if;
  return new;
end $$;

create trigger install_epoch_rises before update on install
  for each row execute function install_epoch_rises();
