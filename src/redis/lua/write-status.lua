-- Replaces the live status of all projects.
-- KEYS: 1 status. ARGV: 1 time to live in ms, then name and value by turns. Output: number of projects written.
-- Atomicity: one script; a reader sees the old status or the new one, never half of each.
redis.call("DEL", KEYS[1])
for at = 2, #ARGV, 2 do
  redis.call("HSET", KEYS[1], ARGV[at], ARGV[at + 1])
end
redis.call("PEXPIRE", KEYS[1], ARGV[1])
return (#ARGV - 1) / 2
