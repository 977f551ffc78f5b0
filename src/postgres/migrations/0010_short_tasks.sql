-- What a task costs that lives for milliseconds: its moves are checked without a query, and no index is kept that another can stand in for.

-- The same moves as TASK_MOVES in src/model/task.ts; a test compares the two. An expression, so that the trigger's condition is it.
create function task_may_move(from_state text, to_state text) returns boolean language sql immutable parallel safe as $$
  select case from_state
    when 'pending' then to_state in ('ready', 'cancelled', 'timed-out', 'dead')
    when 'ready' then to_state in ('running', 'pending', 'cancelled', 'timed-out')
    when 'running' then to_state in ('succeeded', 'failed', 'cancelled', 'timed-out', 'lost', 'dead', 'pending', 'ready')
    when 'failed' then to_state = 'ready'
    when 'timed-out' then to_state = 'ready'
    when 'lost' then to_state = 'ready'
    when 'dead' then to_state = 'ready'
    else false
  end
$$;

create or replace function task_moves_by_the_table() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    raise exception 'a task begins as pending or ready, not %', new.state using errcode = 'BR001';
  elsif tg_op = 'DELETE' then
    raise exception 'only an ended task may be forgotten, not task % that is %', old.id, old.state using errcode = 'BR001';
  end if;
  raise exception 'task % may not move from % to %', old.id, old.state, new.state using errcode = 'BR001';
end $$;

drop trigger task_moves on task;
create trigger task_moves before update on task
  for each row when (old.state is distinct from new.state and not task_may_move(old.state, new.state))
  execute function task_moves_by_the_table();
drop table task_move;

-- Most tasks have no deadline.
drop index task_deadline;
create index task_deadline on task (deadline_at) where state in ('pending', 'ready') and deadline_at is not null;

-- By its id first: so the same index finds a run by its id alone.
alter table run drop constraint run_pkey;
alter table run add primary key (id, project);
drop index run_by_id;
-- What ended long ago began before: run_newest finds it.
drop index run_ended;
