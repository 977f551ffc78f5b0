-- Raises the journal's high-water mark.
-- Input: $1 project, $2 sequence number. Output: none. Atomicity: in the transaction that wrote the events up to it.
update project set journal_seq = $2 where name = $1 and journal_seq < $2
