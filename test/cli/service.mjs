// A service for `rollcall exec`: listens, prints what it receives, and ends as instructed.
//
//     node service.mjs <port> [milliseconds before it listens]
import { createServer } from 'node:http';
import process from 'node:process';

const [port, delay = '0'] = process.argv.slice(2);
const server = createServer((_request, response) => response.end('ok'));
setTimeout(() => server.listen(Number(port), '127.0.0.1', () => console.log('it listens')), Number(delay));
for (const signal of ['SIGHUP', 'SIGUSR2']) process.on(signal, () => console.log(`it got ${signal}`));
process.on('SIGTERM', () => {
  console.log('it got SIGTERM');
  process.exit(7);
});
