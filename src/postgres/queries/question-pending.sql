-- Questions that somebody still has to do something about: open, or answered and not yet delivered. Oldest first.
-- Input: $1 limit. Output: rows. Atomicity: one read.
select question_record(q) as record from question q
where withdrawn_at is null and delivered_at is null order by id limit $1
