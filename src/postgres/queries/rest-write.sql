-- Puts a project to rest.
-- Input: $1 project, $2 kind, $3 since (ms). Output: none. Atomicity: one statement; a project that is gone is passed over.
insert into rest (project, kind, since) select name, $2, at_ms($3::bigint) from project where name = $1 for key share
on conflict (project) do update set kind = excluded.kind, since = excluded.since
