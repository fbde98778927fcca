import { describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import { OwnWrites } from '../../../http/cache/own-writes';
import type { ChangedServices } from '../../../model/dialect-reads';
import { RegistryError } from '../../../model/errors';
import { jsonText } from '../../../model/json';
import {
  NACOS_CHANGES_REMEMBERED_MAX_COUNT,
  NACOS_READS_UNREPORTED_MAX_COUNT,
  NAMESPACES_REMEMBERED_MAX_COUNT,
} from '../../../model/limits';
import type { NamespaceApi } from '../../../model/namespace-api';
import { SharedChecks } from './shared-checks';

const INSTANCE = '/nacos/v1/ns/instance';
const PLACE = 'ip=10.0.0.1&port=1';

/** A door whose calls to the namespace are counted. */
function stage() {
  const nacos = new NacosStage();
  const calls: string[] = [];
  const { registry } = nacos.namespace;
  for (const method of ['changedServices', 'listInstances', 'listSubscribers'] as const) {
    // `as`: all methods are called alike.
    const called = registry[method].bind(registry) as (...asked: unknown[]) => Promise<unknown>;
    Object.assign(registry, {
      [method]: (...asked: unknown[]) => {
        calls.push(method);
        return called(...asked);
      },
    });
  }
  const poll = (service: string, caller = '') =>
    nacos.hosts(`${INSTANCE}/list?serviceName=${service}${caller && `&clientIP=${caller}&udpPort=5000`}`);
  const register = (service: string, place = PLACE) =>
    nacos.send('POST', `${INSTANCE}?serviceName=${service}&${place}`);
  return { nacos, calls, poll, register };
}

describe('polls every second', () => {
  it('[Y23] share one check: 3,000 in 3 s are 4 calls, and one for each service', async () => {
    const { nacos, calls, poll, register } = stage();
    for (let service = 0; service < 20; service++) await register(`s${service}`);
    calls.length = 0;
    for (let second = 0; second < 3; second++) {
      for (let n = 0; n < 1_000; n++) {
        if (n % 100 === 99) await nacos.namespace.pass(100);
        await poll(`s${n % 20}`, `10.0.1.${n % 250}`);
      }
    }
    expect(calls.filter((method) => method === 'listInstances')).toHaveLength(20);
    expect(calls.filter((method) => method === 'changedServices').length).toBeLessThanOrEqual(4);
  });

  it('[Y23] show changes made through this isolate, by any door, at once', async () => {
    const { nacos, poll, register } = stage();
    expect(await poll('orders')).toEqual([]);
    await register('orders');
    expect(await poll('orders')).toHaveLength(1);
    const path = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders/instances/native';
    expect((await nacos.app.ask('PUT', path, { address: '10.0.0.2', port: 2 })).status).toBe(201);
    expect(await poll('orders')).toHaveLength(2);
    await nacos.send('DELETE', `${INSTANCE}?serviceName=orders&${PLACE}`);
    expect(await poll('orders')).toHaveLength(1);
  });

  it('[Y23] show changes made elsewhere after a second', async () => {
    const { nacos, poll } = stage();
    expect(await poll('orders')).toEqual([]);
    const key = { group: 'DEFAULT_GROUP', service: 'orders', id: 'a' };
    await nacos.register(key, { address: '10.0.0.2', port: 2 });
    await nacos.namespace.pass(999);
    expect(await poll('orders')).toEqual([]);
    await nacos.namespace.pass(1);
    expect(await poll('orders')).toHaveLength(1);
  });

  it('[Y23] cause no additional check after heartbeats and registrations that change nothing', async () => {
    const { nacos, calls, poll, register } = stage();
    await register('orders');
    await poll('orders');
    calls.length = 0;
    await register('orders');
    await nacos.json('PUT', `${INSTANCE}/beat?serviceName=orders&${PLACE}`);
    await poll('orders');
    expect(calls).toEqual([]);
  });

  it('[Y23] show every subscriber in the list of subscribers', async () => {
    const { nacos, calls, poll, register } = stage();
    await register('orders');
    calls.length = 0;
    for (const caller of ['10.0.1.1', '10.0.1.2']) await poll('orders', caller);
    expect(calls.filter((method) => method === 'changedServices')).toHaveLength(1);
    const path = '/nacos/v1/ns/service/subscribers?serviceName=orders';
    expect(await nacos.read(path)).toMatchObject({ subscribers: [{ ip: '10.0.1.1' }, { ip: '10.0.1.2' }] });
  });

  it.each([
    ['UNAVAILABLE', 1],
    ['INTERNAL', 1],
    ['LIMIT_EXCEEDED', 0],
  ] as const)('[Y23] read on their own if a check is %s: %d hosts', async (code, hosts) => {
    const { nacos, poll, register } = stage();
    await register('orders');
    const refuse: NamespaceApi['changedServices'] = () => Promise.reject(new RegistryError(code, 'not now'));
    Object.assign(nacos.namespace.registry, { changedServices: refuse });
    expect(await poll('orders', '10.0.1.1').catch(() => [])).toHaveLength(hosts);
    const { body } = await nacos.namespace.api.listSubscribers({ group: 'DEFAULT_GROUP', service: 'orders' });
    expect(JSON.parse(body)).toMatchObject({ subscribers: hosts === 0 ? [] : [{ kind: 'poll' }] });
  });

  it('[Y23] report later what could not be reported to a namespace', async () => {
    const { nacos, poll, register } = stage();
    await register('orders');
    const { registry } = nacos.namespace;
    const { changedServices } = registry;
    const refuse: NamespaceApi['changedServices'] = () =>
      Promise.reject(new RegistryError('LIMIT_EXCEEDED', 'not now'));
    Object.assign(registry, { changedServices: refuse });
    await poll('orders', '10.0.1.1').catch(() => []);
    Object.assign(registry, { changedServices });
    await poll('orders', '10.0.1.2');
    const { body } = await nacos.namespace.api.listSubscribers({ group: 'DEFAULT_GROUP', service: 'orders' });
    expect(JSON.parse(body)).toMatchObject({ subscribers: [{ kind: 'poll' }, { kind: 'poll' }] });
  });
});

describe('remembered changes', () => {
  it('[Y23] are bounded for all namespaces together: services of forgotten ones count as changed', async () => {
    const checks = new SharedChecks();
    const service = (n: number) => ({ group: 'DEFAULT_GROUP', service: `s${n}` });
    const services = Array.from({ length: NACOS_CHANGES_REMEMBERED_MAX_COUNT - 1 }, (_, n) => service(n));
    const check = async (id: string) => {
      const changedServices = async () => ({ cursor: id, body: jsonText<ChangedServices>({ services }) });
      const ownWrites = new OwnWrites(10);
      const surroundings = { now: () => 0, ownWrites };
      // `as`: other methods of a namespace are not called.
      const namespace = { changedServices } as Partial<NamespaceApi> as NamespaceApi;
      await checks.check(namespace, { namespace: id, tokenId: 't', callerWithOrigin: { tokenId: 't' }, surroundings });
      return checks.of(id);
    };
    const first = await check('first');
    const { moment } = first;
    expect(first.isUnchangedSince('DEFAULT_GROUP@@other', moment)).toBe(true);
    const second = await check('second');
    expect([first.changedCount, second.changedCount]).toEqual([0, services.length]);
    expect(first.isUnchangedSince('DEFAULT_GROUP@@other', moment), 'to be read again, once').toBe(false);
    expect(first.isUnchangedSince('DEFAULT_GROUP@@other', first.moment)).toBe(true);
  });
});

describe('reads not yet reported to a namespace', () => {
  const read = (service: number) => ({ group: 'DEFAULT_GROUP', service: `s${service}`, tokenId: 'reader', count: 1 });

  it('[Y23] are bounded for an unreachable namespace: the oldest are dropped', () => {
    const checks = new SharedChecks();
    for (let n = 0; n < NACOS_READS_UNREPORTED_MAX_COUNT + 2; n++) checks.note('down', read(n));
    const kept = [...checks.of('down').reads.values()];
    expect([kept.length, kept[0]]).toEqual([NACOS_READS_UNREPORTED_MAX_COUNT, read(2)]);
  });

  it('[Y23] are no longer counted once their namespace is forgotten', () => {
    const checks = new SharedChecks();
    for (const busy of ['a', 'b']) {
      for (let n = 0; n < NACOS_READS_UNREPORTED_MAX_COUNT; n++) checks.note(busy, read(n));
      for (let n = 0; n < NAMESPACES_REMEMBERED_MAX_COUNT; n++) checks.of(`${busy}-${n}`);
    }
    for (const id of ['c', 'd']) checks.note(id, read(0));
    expect(['c', 'd'].map((id) => checks.of(id).reads.size)).toEqual([1, 1]);
  });
});
