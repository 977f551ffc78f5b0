-- Moves a project's phase if it is still where the caller saw it.
-- Input: $1 name, $2 from, $3 to. Output: the name if it moved. Atomicity: compare and set.
update project set phase = $3 where name = $1 and phase = $2 returning name
