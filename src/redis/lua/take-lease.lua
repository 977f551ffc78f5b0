-- Takes the leader lease if it is free or already ours.
-- KEYS: 1 lease. ARGV: 1 holder, 2 time to live in ms. Output: 1 when held afterwards, 0 when somebody else holds it.
-- Atomicity: one script; between the look and the take nobody else can take it.
local holder = redis.call("GET", KEYS[1])
if holder == false or holder == ARGV[1] then
  redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[2])
  return 1
end
return 0
