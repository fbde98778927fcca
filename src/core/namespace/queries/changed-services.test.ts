import { describe, expect, it } from 'vitest';
import { bodyOf, refusal } from '../../../../test/contracts/namespace/scene';
import { OPERATOR, OWNER } from '../../../../test/fixtures/callers';
import { key } from '../../../../test/fixtures/definition';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import type { SharedRead } from '../../../model/dialect-reads';
import { readJsonText } from '../../../model/json';
import { POLLER_LINGER_MS } from '../../../model/limits';

const READ = { group: 'DEFAULT_GROUP', service: 'orders', tokenId: 't' };

function begin() {
  const { scene, namespace } = new WatchStage();
  const check = (since?: string, reads: SharedRead[] = [], keepForMs = 4_000) =>
    namespace.api.changedServices({ since, keepForMs, reads });
  const changed = async (since?: string) =>
    bodyOf(await check(since))
      .services?.map(({ group, service }) => `${group}@@${service}`)
      .sort();
  return { scene, namespace, check, changed };
}

describe('readChangedServices', () => {
  it('[Y23] lists the services that changed in any way, and the removed ones', async () => {
    const { scene, namespace, changed } = begin();
    await scene.register('a');
    const cursor = await scene.cursor();
    await namespace.api.putService(OPERATOR, {
      group: 'g',
      service: 'carts',
      definition: { metadata: {}, protectThreshold: 0.5 },
      precondition: {},
    });
    expect(await changed(cursor)).toEqual(['g@@carts']);
    await scene.deregister('a');
    expect(await changed(cursor)).toEqual(['DEFAULT_GROUP@@orders', 'g@@carts']);
    await scene.register('b');
    const before = await scene.cursor();
    await namespace.pass(31_000);
    expect(await changed(before)).toEqual(['DEFAULT_GROUP@@orders']);
  });

  it('[Y23] lists nothing if nothing changed, and everything if it can’t know', async () => {
    const { scene, check, changed } = begin();
    await scene.register('a');
    const cursor = await scene.cursor();
    expect(await check(cursor)).toEqual({ cursor, body: null });
    expect([await changed(), await changed('cX.1.0')]).toEqual([undefined, undefined]);
  });

  it('[Y23] records named readers with their cursors, and counts those without a name', async () => {
    const { scene, namespace, check } = begin();
    await scene.register('a');
    const seen = await scene.cursor();
    const subscribers = async () => {
      const { body } = await namespace.api.listSubscribers(READ);
      return readJsonText(body).subscribers.map(({ id, acknowledgedRevision }) => [id, acknowledgedRevision]);
    };
    await check(seen, [
      { ...READ, subscriber: { id: 'one', seen } },
      { ...READ, subscriber: { id: 'two' } },
      { ...READ, count: 3 },
    ]);
    expect(await subscribers()).toEqual([
      ['one', 1],
      ['two', 0],
    ]);
    const { body } = await namespace.api.drain(OWNER, { key: key('a'), waitMs: 0, graceMs: 0 });
    expect(readJsonText(body)).toMatchObject({ subscribers: 2, laggards: ['one', 'two'], blind: { plain: 3 } });
    await namespace.pass(POLLER_LINGER_MS);
    expect(await subscribers()).toEqual([]);
  });

  it('[Y23] adds the readers it doesn’t know to the `safeAfterMs` of a drain', async () => {
    const { scene, namespace, check } = begin();
    for (const id of ['a', 'b']) await scene.register(id);
    const drained = async (id: string) => {
      const { body } = await namespace.api.drain(OWNER, { key: key(id), waitMs: 0, graceMs: 5_000 });
      return readJsonText(body).safeAfterMs;
    };
    await check();
    await namespace.pass(1_000);
    expect(await drained('a')).toBe(3_000);
    await namespace.pass(3_500);
    expect(await drained('b')).toBe(0);
  });

  it('[Y23] counts for the token that calls, if the namespace limits the rate', async () => {
    const { namespace } = begin();
    await namespace.state.settings.replace({ retention: {}, limits: { perToken: { requestsPerSecond: 1 } } });
    const command = { keepForMs: 1, reads: [], tokenId: 't' };
    await namespace.api.changedServices(command);
    await expect(namespace.api.changedServices(command)).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
  });
});
