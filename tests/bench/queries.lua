-- wrk's requests: `wrk … URL -- MODE ORDERS DELAY_MS`. MODE order: one of the orders, at random; page: a page of 50.
-- With a delay a connection waits that long before each request, so that the server is not full and latencies mean something.
local mode, orders, delay_ms

function init(arguments)
  mode, orders, delay_ms = arguments[1], tonumber(arguments[2]), tonumber(arguments[3])
  math.randomseed(42)
  if delay_ms > 0 then
    delay = function() return math.random(0, 2 * delay_ms) end
  end
end

function request()
  if mode == "page" then return wrk.format("GET", "/orders?limit=50") end
  return wrk.format("GET", string.format("/orders/order-%09d", math.random(1, orders)))
end

function done(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests": %d, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3,
    e.connect + e.read + e.write + e.status + e.timeout))
end
