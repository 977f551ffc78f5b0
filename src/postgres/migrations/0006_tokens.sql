-- Access tokens: only the hash of the secret is kept, so a copy of the database opens nothing.

create table token (
  id text primary key check (id ~ '^[0-9a-f]{12}$'),
  name text not null,
  -- SHA-256 of the secret, which is 256 random bits: nothing slower is needed against guessing.
  hash bytea not null check (octet_length(hash) = 32),
  scope text not null check (scope in ('read', 'run', 'admin')),
  project text,
  created_at timestamptz not null default clock_timestamp(),
  created_by text not null,
  expires_at timestamptz,
  revoked_at timestamptz
);
create unique index token_live_name on token (name) where revoked_at is null;
create index token_ended on token (least(revoked_at, expires_at)) where revoked_at is not null or expires_at is not null;

-- Submissions leave the audit log sooner than the rest; without this the hourly clearing would read all that is kept longer.
create index audit_submitted on audit (at) where action = 'task.submit';
create index run_by_id on run (id);
