-- Records newly declared projects.
-- Input: $1 JSON array of {name, spec, generation, source}. Output: none.
-- Atomicity: one statement in the transaction of the accept.
insert into project (name, spec, generation, source, wanted, phase)
select name, spec, generation, source, 'active', 'activating'
from jsonb_to_recordset($1::jsonb) as r (name text, spec jsonb, generation bigint, source text)
