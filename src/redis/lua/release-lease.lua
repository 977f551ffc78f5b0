-- Frees the leader lease if it is ours.
-- KEYS: 1 lease. ARGV: 1 holder. Output: 1 when freed, 0 when it was not ours.
-- Atomicity: one script; a successor's lease is never freed.
if redis.call("GET", KEYS[1]) == ARGV[1] then
  return redis.call("DEL", KEYS[1])
end
return 0
