import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { portAnswers, sourceAddress, untilPortAnswers } from './addresses';

/** A port that nothing listens on, and what starts to. */
async function freePort() {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  server.close();
  await once(server, 'close');
  const listen = () => {
    server.listen(port, '127.0.0.1');
    onTestFinished(() => void server.close());
  };
  return { port, listen };
}

it('waits until a port accepts connections on one of the addresses', async () => {
  const { port, listen } = await freePort();
  const hosts = ['::1', '127.0.0.1'];
  expect(await portAnswers(hosts, port)).toBe(false);
  const waiting = untilPortAnswers(hosts, port, AbortSignal.timeout(60_000));
  setTimeout(listen, 150);
  expect(await waiting).toBe(true);
});

it('is aborted by the signal', async () => {
  const { port } = await freePort();
  const from = performance.now();
  expect(await untilPortAnswers(['127.0.0.1'], port, AbortSignal.timeout(50))).toBe(false);
  expect(performance.now() - from).toBeLessThan(5_000);
});

it('is the loopback address on the route to this machine', async () => {
  expect(await sourceAddress('http://127.0.0.1:8787')).toBe('127.0.0.1');
  expect(await sourceAddress('http://[::1]:8787/path')).toBe('::1');
});

it('is undefined without a route', async () => {
  expect(await sourceAddress('http://no-such-host.invalid')).toBeUndefined();
});
