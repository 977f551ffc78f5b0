-- What agents ask people, and what became of it.

create table question (
  -- A number that is quick to type.
  id bigint generated always as identity primary key,
  project text not null,
  run text not null,
  -- Under which the run knows it.
  key text not null,
  agent text not null,
  replica integer not null,
  task bigint,
  text text not null,
  choices text[] not null,
  waits boolean not null,
  asked_at timestamptz not null,
  answer text,
  answered_at timestamptz,
  answered_by text,
  -- When the run got the answer.
  delivered_at timestamptz,
  -- The asker took it back or its run ended; of an answered one: before it got the answer.
  withdrawn_at timestamptz,
  withdrawn_reason text,
  unique (project, run, key),
  check ((answer is null) = (answered_at is null)),
  check ((withdrawn_at is null) = (withdrawn_reason is null)),
  check (delivered_at is null or withdrawn_at is null)
);
-- Few at any time, however many there have been.
create index question_pending on question (project, id) where delivered_at is null and withdrawn_at is null;
create index question_asked on question (asked_at);

-- A person answers once: what an agent was told is never rewritten.
create function question_answered_once() returns trigger language plpgsql as $$
begin
  raise exception 'question % has been answered, its answer is written once', old.id using errcode = 'BR001';
end $$;

create trigger question_answered_once before update on question
  for each row when (old.answered_at is not null
    and (new.answer, new.answered_at, new.answered_by) is distinct from (old.answer, old.answered_at, old.answered_by))
  execute function question_answered_once();

-- A question as the program knows it: QuestionRecord in src/model/question.ts.
create function question_record(q question) returns json language sql stable as $$
  select json_build_object('id', q.id::text, 'project', q.project, 'agent', q.agent, 'replica', q.replica, 'run', q.run,
    'task', q.task::text, 'key', q.key, 'text', q.text, 'choices', q.choices, 'waits', q.waits,
    'state', case when q.answered_at is not null then 'answered' when q.withdrawn_at is not null then 'withdrawn' else 'open' end,
    'askedAt', epoch_ms(q.asked_at), 'answer', q.answer, 'answeredAt', epoch_ms(q.answered_at), 'answeredBy', q.answered_by,
    'deliveredAt', epoch_ms(q.delivered_at), 'withdrawnAt', epoch_ms(q.withdrawn_at), 'withdrawnReason', q.withdrawn_reason)
$$;
