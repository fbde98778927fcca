// A small HTTP service: `node greeter.js <id> [port]`. Start as many as you like.

import { createServer } from 'node:http';
import { join } from './membership.js';

const [id = `greeter-${process.pid}`, port = '0'] = process.argv.slice(2);
const ADDRESS = '127.0.0.1';

const server = createServer((_request, response) => {
  response.setHeader('content-type', 'text/plain');
  response.end(`hello from ${id}\n`);
});

server.listen(Number(port), ADDRESS, () => {
  const { port } = server.address();
  console.log(`${id}: listening on http://${ADDRESS}:${port}`);

  // Registers only once it can answer. The lease is short, so that the registry detects a crash quickly.
  const membership = join('greeter', id, { address: ADDRESS, port, lease: { ttlMs: 3_000 } });

  process.once('SIGTERM', async () => {
    await membership.leave();
    // Finishes pending requests and accepts no new ones; then nothing keeps the process alive.
    server.close();
    server.closeIdleConnections();
    console.log(`${id}: left`);
  });
});
