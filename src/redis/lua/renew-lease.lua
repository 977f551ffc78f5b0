-- Extends the leader lease while it is ours; one that expired or was wiped is not taken again.
-- KEYS: 1 lease. ARGV: 1 holder, 2 time to live in ms. Output: 1 when extended, 0 when lost.
-- Atomicity: one script.
if redis.call("GET", KEYS[1]) == ARGV[1] then
  return redis.call("PEXPIRE", KEYS[1], ARGV[2])
end
return 0
