-- The install row.
-- Input: none. Output: at most one row. Atomicity: one read.
select install, install_uid::text as "installUid", epoch, holder from install
