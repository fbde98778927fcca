import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { call } from '../watch-proofs/registry-calls';

/** Requests that the listener refuses before the app, each because of a different part. */
const REQUESTS = [
  'NONSENSE\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  `GET /health HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(100_000)}\r\n\r\n`,
  'GET /health HTTP/1.1\r\nHost: x\r\nBad Header: x\r\n\r\n',
  'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n',
  'GET /api/v1/ns/public/socket HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
  'POST /health HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n',
];

it.each(['deno', 'node'] as const)('[I10, M24] malformed requests end no process of %s', async (runtime) => {
  const registry = await startRegistry({ data: temporaryFolder(), runtime });
  onTestFinished(() => registry.stop());
  const { pid } = registry;
  const { hostname, port } = new URL(registry.url);
  const answers: string[] = [];
  for (const request of REQUESTS) {
    const socket = connect({ host: hostname, port: Number(port) });
    let answer = '';
    socket.on('data', (data) => {
      answer += data;
    });
    // A reset after the answer is acceptable.
    socket.on('error', () => {});
    socket.end(request);
    await once(socket, 'close');
    answers.push(answer.slice(0, 'HTTP/1.1 400'.length));
  }
  expect(answers.filter((answer) => !/^HTTP\/1\.1 4\d\d$/.test(answer))).toEqual([]);
  await call(registry, 'GET', '/stats');
  expect(registry.pid).toBe(pid);
});
