-- Projects the daemon froze or stopped for want of work.
-- Input: none. Output: rows. Atomicity: one read.
select project, kind, epoch_ms(since) as since from rest
