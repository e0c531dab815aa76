-- What the other side of the redeem benchmark does per call: check and set of one hash.
if redis.call('HGET', KEYS[1], 'state') == 'redeemed' then
  return 0
end
redis.call('HSET', KEYS[1], 'state', 'redeemed', 'order', ARGV[1], 'shop', ARGV[2])
return 1
