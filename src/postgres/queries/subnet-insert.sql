-- Records an allocation.
-- Input: $1 project, $2 subnet. Output: none. Atomicity: under the allocation lock; the exclusion constraint refuses an overlap.
insert into subnet (project, subnet) values ($1, $2::cidr)
