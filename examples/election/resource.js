import { createServer } from 'node:http';

/** Highest fencing token that has arrived. A real resource keeps it where it keeps its data. */
let highest = 0;

/** Text that the leader writes. */
let report = '';

/** Accepts a change unless a later leader has changed it: what it checks and what it changes, in one step. */
function put(token, writer, text) {
  if (token < highest) {
    console.log(`refused ${writer} with token ${token}, after ${highest}`);
    return 409;
  }
  highest = token;
  report = text;
  console.log(`accepted ${writer} with token ${token}`);
  return 204;
}

const server = createServer(async (request, response) => {
  if (request.method === 'GET') return response.end(`${report}\n`);
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += chunk;
  const token = Number(request.headers['fencing-token']);
  const isValid = request.method === 'PUT' && Number.isSafeInteger(token) && token > 0;
  response.writeHead(isValid ? put(token, request.headers['x-writer'] ?? 'unknown', text) : 400).end();
});

// A worker that was frozen writes on the connection that it had.
server.keepAliveTimeout = 300_000;
server.listen(Number(process.env.PORT ?? 8790), '127.0.0.1', () => {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
});
