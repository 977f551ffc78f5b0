-- Makes the install row with a random uid if there is none.
-- Input: $1 install name. Output: none. Atomicity: one statement; two at once make one row.
insert into install (install) values ($1) on conflict do nothing
