-- Replays a list of requests, in order and then again from its start. Used by load.ts.
--
-- The only argument names a file. Its first line is the method. The headers of every request follow up to an empty line,
-- name and value separated by a tab. Each further line is one request: path and body, also separated by a tab. Requests
-- are formatted before the clock starts, so that the cost of the client does not depend on them.

local requests = {}
local sent = 0

function init(args)
  local lines = io.lines(args[1])
  wrk.method = lines()
  for line in lines do
    if line == '' then break end
    local name, value = line:match('^([^\t]+)\t(.*)$')
    wrk.headers[name] = value
  end
  for line in lines do
    local path, body = line:match('^([^\t]+)\t(.*)$')
    requests[#requests + 1] = wrk.format(nil, path, nil, wrk.method ~= 'GET' and body or nil)
  end
end

function request()
  sent = sent + 1
  return requests[(sent - 1) % #requests + 1]
end

function done(summary, latency)
  local errors = summary.errors
  print(string.format(
    'RESULT {"requests":%d,"durationUs":%d,"bytes":%d,"latencyUs":{"median":%d,"p99":%d},' ..
      '"errors":{"connect":%d,"read":%d,"write":%d,"status":%d,"timeout":%d}}',
    summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
    errors.connect, errors.read, errors.write, errors.status, errors.timeout
  ))
end
