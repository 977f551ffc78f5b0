-- Records who asked what.
-- Input: $1 who, $2 claim, $3 reason, $4 action, $5 project or null, $6 detail, $7 epoch. Output: none.
-- Atomicity: in the transaction of the write that was asked for.
insert into audit (asked_by, claim, reason, action, project, detail, epoch) values ($1, $2, $3, $4, $5, $6, $7)
