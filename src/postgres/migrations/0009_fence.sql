-- The fence as a function: a stale epoch fails its transaction in the server, so that what is to be written can be sent without waiting.

create function hold_epoch(mine bigint) returns void language plpgsql as $$
begin
  perform from install where epoch = mine and epoch > 0 for share;
  if not found then
    raise exception 'epoch % is no longer the leader''s: another daemon has taken over', mine using errcode = 'BR003';
  end if;
end $$;

create function hold_epoch_alone(mine bigint) returns void language plpgsql as $$
begin
  perform from install where epoch = mine and epoch > 0 for update;
  if not found then
    raise exception 'epoch % is no longer the leader''s: another daemon has taken over', mine using errcode = 'BR003';
  end if;
end $$;
