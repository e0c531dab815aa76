-- What the other side of the SPI benchmark does per call: count against the total, remember the
-- buyer's coupon so that a repeat gets it again, keep the coupon.
local had = redis.call('GET', KEYS[2])
if had then return had end
local n = redis.call('INCR', KEYS[1])
if n > tonumber(ARGV[1]) then
  redis.call('DECR', KEYS[1])
  return 0
end
redis.call('SET', KEYS[2], n)
redis.call('HSET', KEYS[3], n, ARGV[2])
return n
