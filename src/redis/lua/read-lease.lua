-- Who holds the leader lease and for how long yet.
-- KEYS: 1 lease. ARGV: none. Output: holder ("" when free) and remaining time in ms (0 when free, as text).
-- Atomicity: one script, so that both belong together.
local holder = redis.call("GET", KEYS[1])
if holder == false then
  return { "", "0" }
end
return { holder, tostring(math.max(redis.call("PTTL", KEYS[1]), 0)) }
