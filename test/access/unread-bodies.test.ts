import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { eureka } from '../../src/dialects/eureka/eureka';
import { goMicro } from '../../src/dialects/go-micro/go-micro';
import { nacos } from '../../src/dialects/nacos/nacos';
import { BODY_MAX_BYTES, FORM_READ_MAX_MS } from '../../src/model/limits';
import { everyRow } from '../fixtures/every-row';
import { ROOT_TOKEN, TestApp } from '../fixtures/test-app';

const FORM = 'application/x-www-form-urlencoded;charset=utf-8';
const WRONG = 'rc_wrongwrongwr_0123456789abcdefghijklmnopqrstuvwxyzABCDEF';
const CHUNK_BYTES = 1_024;

/** Creates an endless body that counts how much of it was read. */
function endlessBody(begin: string) {
  const taken = { bytes: 0, isCancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = taken.bytes === 0 ? begin.padEnd(CHUNK_BYTES, 'x') : 'x'.repeat(CHUNK_BYTES);
        taken.bytes += CHUNK_BYTES;
        controller.enqueue(new TextEncoder().encode(piece));
      },
      cancel() {
        taken.isCancelled = true;
      },
    },
    // Nothing is pulled before it is requested.
    { highWaterMark: 0 },
  );
  return { stream, taken };
}

/** Sends an endless body. Returns the status, and how many bytes of it were read. */
async function send(app: TestApp, method: string, path: string, type: string, headers: Record<string, string> = {}) {
  const { stream, taken } = endlessBody(`accessToken=${ROOT_TOKEN}&x=`);
  // `as`: Node asks for duplex, the type lacks it.
  const init = { body: stream, duplex: 'half', headers: { 'content-type': type, ...headers } } as RequestInit;
  const { status } = await app.send(method, path, init);
  return { status, ...taken };
}

const begin = (): TestApp => new TestApp({ dialects: [goMicro, nacos, eureka] });

/** Returns all operations that may have a body, with names for the path variables. */
function writing(): [method: string, path: string, dialect: string][] {
  const { routes, dialectRoutes } = begin().app;
  const cards = [...routes.map((card) => ({ ...card, dialect: 'native' })), ...dialectRoutes];
  return cards
    .filter(({ method, scope }) => method !== 'get' && scope !== 'open')
    .map(({ method, path, dialect }) => [
      method.toUpperCase(),
      path.replace(/[:{]\w+[}]?(?:\{[^}]*\})?/g, 'a'),
      dialect,
    ]);
}

describe('a form body that does not arrive', () => {
  const stalled = () => new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}) });
  // `as`: Node asks for duplex, the type lacks it.
  const init = (headers: Record<string, string> = {}) =>
    ({ body: stalled(), duplex: 'half', headers: { 'content-type': FORM, ...headers } }) as RequestInit;

  it.each([
    ['an unauthenticated client', {}, 403],
    ['a valid token', { authorization: `Bearer ${ROOT_TOKEN}` }, 400],
  ])('[A54] times out after 10 s, from %s', async (_, headers, status) => {
    const app = begin();
    // Requests with a known token are accepted at once.
    await app.send('GET', '/api/v1/ns', { headers });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const settled = vi.fn();
    const answer = app.send('POST', '/nacos/v1/ns/instance', init(headers));
    answer.then(settled);
    await vi.advanceTimersByTimeAsync(FORM_READ_MAX_MS - 1);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect((await answer).status).toBe(status);
  });
});

describe('a body', () => {
  it('[A53] is not read for an invalid token', () =>
    everyRow(writing(), async ([method, path, dialect]) => {
      const app = begin();
      const requests: [path: string, headers: Record<string, string>][] = [
        [path, { authorization: `Bearer ${WRONG}` }],
        [path, { authorization: 'Negotiate x' }],
        [`/t/${WRONG}${path}`, {}],
      ];
      if (dialect === 'nacos') requests.push([path, { accessToken: WRONG }], [`${path}?accessToken=${WRONG}`, {}]);
      for (const [target, headers] of requests) {
        for (const type of [FORM, 'application/json']) {
          const { status, bytes } = await send(app, method, target, type, headers);
          expect([target, status, bytes]).toEqual([target, dialect === 'nacos' ? 403 : 401, 0]);
        }
      }
    }));

  it('[A53] without a token is read only if it is a Nacos form, up to its limit', () =>
    everyRow(writing(), async (route) => {
      const [method, path, dialect] = route;
      for (const type of [FORM, 'application/json', 'text/plain']) {
        const { status, bytes, isCancelled } = await send(begin(), method, path, type);
        expect(status).toBe(dialect === 'nacos' ? 403 : 401);
        const isForm = dialect === 'nacos' && type === FORM;
        expect([type, bytes, isCancelled]).toEqual([type, isForm ? BODY_MAX_BYTES + CHUNK_BYTES : 0, isForm]);
      }
    }));
});
