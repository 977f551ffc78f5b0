-- The accepted set as of a generation: each source's declaration then in force, oldest first; its bundle is null once forgotten.
-- Input: $1 generation. Output: a row a source. Atomicity: one read.
select part.key as source, g.bundle
from generation n
cross join jsonb_each_text(n.sources) as part
left join generation g on g.generation = part.value::bigint
where n.generation = $1
order by part.value::bigint
