import { abortAllDurableObjects } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { socketPurpose } from '../../../test/fixtures/socket-purpose';
import { RegistryError } from '../../model/errors';
import { readJsonText } from '../../model/json';
import { REFUSED_STATUS } from './object-sockets';
import type { NamespaceStub } from './object-stubs';
import { remoteNamespace } from './remote-objects';
import { remoteSockets } from './worker-sockets';

const purpose = socketPurpose({ kind: 'stream' });
const FULL = new RegistryError('LIMIT_EXCEEDED', 'too many', { retryAfterSeconds: 10 });
const WATCH = JSON.stringify({ type: 'watch', id: '1', watch: 'w', scope: {} });

let objects = 0;

/** Opens the sockets of a separate object, whose first calls end with these answers or faults instead. */
async function begin(...instead: (Response | Error)[]) {
  objects += 1;
  const name = `sockets-${objects}`;
  await env.NAMESPACES.getByName(name).configure({ retention: {}, limits: {} });
  let stubs = 0;
  const sockets = remoteSockets(() => {
    stubs += 1;
    const stub = env.NAMESPACES.getByName(name);
    const next = instead.shift();
    if (next === undefined) return stub;
    const fetch = async () => {
      if (next instanceof Error) throw next;
      return next;
    };
    return { fetch } as unknown as NamespaceStub; // `as`: only `fetch` is used
  });
  return { sockets, name, stubCount: () => stubs };
}

/** Returns a listener, with the events that it received in order. */
function listening() {
  const heard: string[] = [];
  let wake = () => {};
  const note = (what: string) => {
    heard.push(what);
    wake();
  };
  return {
    heard,
    listener: {
      frame: (text: string) => note(JSON.parse(text).type),
      closed: (code: number) => note(`closed ${code}`),
    },
    async until(count: number) {
      while (heard.length < count) await new Promise<void>((resolve) => (wake = resolve));
    },
  };
}

describe('remoteSockets', () => {
  it('[E1] opens a socket with frames in order, until this side closes it', async () => {
    const { sockets } = await begin();
    const { heard, listener, until } = listening();
    const socket = await sockets.open(purpose, listener);
    socket.send(WATCH);
    await until(2);
    socket.close(1000, 'enough');
    socket.close(1000, 'twice');
    socket.send(WATCH);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(heard).toEqual(['answer', 'snapshot']);
  });

  it('[E4] reports once that the other side closed', async () => {
    const { sockets } = await begin();
    const ended = listening();
    const socket = await sockets.open(purpose, ended.listener);
    socket.send(WATCH);
    socket.send(JSON.stringify({ type: 'end' }));
    await ended.until(3);
    expect(ended.heard).toEqual(['answer', 'snapshot', 'closed 4000']);
    const broken = listening();
    await sockets.open(purpose, broken.listener);
    await abortAllDurableObjects();
    await broken.until(1);
    expect(broken.heard).toEqual(['closed 1006']);
  });

  it('[E9] carries names in any script', async () => {
    const { sockets, name } = await begin();
    const { listener, until } = listening();
    const subscriber = 'kasse-ü-🦆-"\\\u2028';
    const socket = await sockets.open({ ...purpose, subscriber, caller: { tokenId: 'ключ' } }, listener);
    socket.send(WATCH);
    await until(2);
    const namespace = remoteNamespace(() => env.NAMESPACES.getByName(name));
    const { body } = await namespace.listSubscribers({ group: 'g', service: 's' });
    expect(readJsonText(body).subscribers.map(({ id }) => id)).toEqual([subscriber]);
    socket.close(1000, 'enough');
  });

  it('[E8] passes a socket on with the given headers', async () => {
    const { sockets } = await begin();
    const response = await sockets.pass(purpose, { 'Sec-WebSocket-Protocol': 'rollcall.v1' });
    expect([response.status, response.headers.get('sec-websocket-protocol')]).toEqual([101, 'rollcall.v1']);
    response.webSocket?.accept();
    const answered = new Promise((resolve) =>
      response.webSocket?.addEventListener('message', ({ data }) => resolve(data)),
    );
    response.webSocket?.send('ping');
    expect(await answered).toBe('pong');
    response.webSocket?.close();
  });

  it('[P5] reports that the namespace has too many sockets', async () => {
    const { sockets, stubCount } = await begin(Response.json(FULL.toData(), { status: REFUSED_STATUS }));
    await expect(sockets.open(purpose, listening().listener)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { retryAfterSeconds: expect.any(Number) },
    });
    expect(stubCount()).toBe(1);
  });

  it('[S4] retries after a transient failure, and otherwise reports the namespace as UNAVAILABLE', async () => {
    const passing = () => Object.assign(new Error('the object moved'), { retryable: true });
    const moved = await begin(passing());
    expect((await moved.sockets.pass(purpose, {})).status).toBe(101);
    expect(moved.stubCount()).toBe(2);
    for (const faults of [
      [passing(), passing(), passing()],
      [new Error('gone')],
      [new Response('what?', { status: 500 })],
    ]) {
      const { sockets } = await begin(...faults);
      await expect(sockets.open(purpose, listening().listener)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    }
  });
});
