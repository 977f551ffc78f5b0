-- A generation is one source's declaration; this is the accepted set it belongs to: by source, the generation in force of it.
alter table generation add column sources jsonb not null default '{}';

update generation g set sources = (
  select jsonb_object_agg(source, newest)
  from (select source, max(generation) as newest from generation where generation <= g.generation group by source) as found
);
