import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect, onTestFinished, test } from 'vitest';
import { untilReady } from './readiness';

/** Starts a server for the running test. Returns its URL. */
async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

const never = new AbortController().signal;

test('requests the state of the namespace with the token until that succeeds', async () => {
  const asked: unknown[] = [];
  const url = await serve((request, response) => {
    asked.push([request.url, request.headers.authorization]);
    response.writeHead(asked.length < 3 ? 503 : 200).end('{}');
  });
  await untilReady({ url, token: 'secret' }, never);
  expect(asked).toEqual(Array(3).fill(['/api/v1/ns/public/stats', 'Bearer secret']));
});

test('reports the last response when it is stopped early', async () => {
  const ended = new AbortController();
  let asked = 0;
  const url = await serve((_request, response) => {
    asked += 1;
    // A second request means that the first had its answer.
    if (asked === 2) ended.abort();
    response.writeHead(401).end('who are you?');
  });
  const ready = untilReady({ url, token: 'secret' }, ended.signal);
  await expect(ready).rejects.toThrow(`The registry listens on ${url} but does not answer: 401 who are you?`);
});

test('does not wait for a registry that reports a permanent error', async () => {
  let asked = 0;
  const url = await serve((_request, response) => {
    asked += 1;
    response.writeHead(503).end('{"status":503,"detail":"the storage has schema 7","code":"NOT_CONFIGURED"}');
  });
  await expect(untilReady({ url, token: 'secret' }, never)).rejects.toThrow('the storage has schema 7');
  expect(asked).toBe(1);
});
