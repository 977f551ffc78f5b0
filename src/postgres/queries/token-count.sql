-- How many tokens open anything, and how many of them bear a name.
-- Input: $1 name. Output: one row. Atomicity: in the turn of whoever creates one.
select count(*) as live, count(*) filter (where name = $1) as named from token
where revoked_at is null and (expires_at is null or expires_at > clock_timestamp())
