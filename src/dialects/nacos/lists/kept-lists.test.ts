import { describe, expect, it } from 'vitest';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { OwnWrites } from '../../../http/cache/own-writes';
import { KeptLists } from './kept-lists';
import { SharedChecks } from './shared-checks';

const INSTANCE = '/nacos/v1/ns/instance';
const SERVICE = { metadata: {}, protectThreshold: 0 };
const LIST = `${INSTANCE}/list?serviceName=orders`;

const register = (stage: NacosStage, place: string) => stage.send('POST', `${INSTANCE}?serviceName=orders&${place}`);

interface Info {
  name: string;
  clusters: string;
  lastRefTime: number;
  hosts: { ip: string; healthy: boolean }[];
  reachProtectionThreshold: boolean;
}

// `as`: what is missing fails the test that looks for it.
const info = async (stage: NacosStage, more = '') => (await stage.read(LIST + more)) as Info;

/** Reads lists of a namespace through a cache of 3,000 bytes, which holds two of them, and records its calls. */
function beginLists() {
  const conditions: string[] = [];
  const namespace = new NodeNamespace();
  const { api } = namespace;
  const listInstances: typeof api.listInstances = (command) => {
    conditions.push(`${command.service} ${command.ifNoneMatch === undefined ? 'whole' : 'if changed'}`);
    return api.listInstances(command);
  };
  const watched = new Proxy(api, {
    get: (target, name) => (name === 'listInstances' ? listInstances : Reflect.get(target, name).bind(target)),
  });
  const clock = { now: 0 };
  const caller = {
    namespace: 'public',
    tokenId: 't',
    callerWithOrigin: { tokenId: 't' },
    surroundings: { now: () => clock.now, ownWrites: new OwnWrites(1) },
  };
  const lists = new KeptLists(new SharedChecks(), 3_000);
  const read = (service: string, clusters = '') =>
    lists.read(
      watched,
      { service: { group: 'g', service }, clusters, filter: { clusters: [], healthyOnly: false } },
      caller,
    );
  return { api, clock, conditions, read };
}

it('[Y6] lists are cached up to a bound, and the least recently read is evicted first', async () => {
  const { api, clock, conditions, read } = beginLists();
  for (const service of ['a', 'b', 'a', 'c', 'a', 'd', 'a', 'd']) await read(service);
  expect(conditions).toEqual(['a whole', 'b whole', 'c whole', 'd whole']);
  await api.putService(
    { tokenId: 't', operates: true },
    { group: 'g', service: 'd', definition: SERVICE, precondition: {} },
  );
  clock.now = 1_000;
  for (const service of ['a', 'd', 'd']) await read(service);
  expect(conditions.slice(4)).toEqual(['d if changed']);
});

it('[Y6] all responses made from a list count towards the bound', async () => {
  const { conditions, read } = beginLists();
  await read('b');
  for (let number = 0; number < 5; number++) await read('a', `cluster-${number}`);
  expect(conditions).toEqual(['b whole', 'a whole']);
  await read('b');
  expect(conditions.slice(2), 'the answers about a took its room').toEqual(['b whole']);
});

describe('a polled list', () => {
  it('[Y6] shows each change at the next poll', async () => {
    const stage = new NacosStage();
    const ips = async (more = '') => (await info(stage, more)).hosts.map(({ ip }) => ip);
    expect(await ips()).toEqual([]);
    await register(stage, 'ip=10.0.0.1&port=1&clusterName=a');
    expect([await ips(), await ips(), await ips('&clusters=b')]).toEqual([['10.0.0.1'], ['10.0.0.1'], []]);
    await register(stage, 'ip=10.0.0.2&port=1&clusterName=b');
    expect([await ips(), await ips('&clusters=b')]).toEqual([['10.0.0.1', '10.0.0.2'], ['10.0.0.2']]);
    await stage.send('DELETE', `${INSTANCE}?serviceName=orders&ip=10.0.0.1&port=1`);
    expect([await ips('&clusters=b'), await ips()]).toEqual([['10.0.0.2'], ['10.0.0.2']]);
    await stage.namespace.pass(16_000);
    expect(await stage.hosts(LIST)).toMatchObject([{ healthy: false }]);
    await stage.namespace.pass(16_000);
    expect(await ips()).toEqual([]);
  });

  it('[Y6] echoes clusters verbatim', async () => {
    for (const clusters of ['', 'DEFAULT', 'a,b', 'b,,a ']) {
      const stage = new NacosStage();
      await register(stage, 'ip=10.0.0.1&port=1');
      const found = await info(stage, `&clusters=${encodeURIComponent(clusters)}&healthyOnly=false&udpPort=0`);
      expect([found.name, found.clusters]).toEqual(['DEFAULT_GROUP@@orders', clusters]);
    }
  });

  it('[Y6] shows a protect threshold, and its removal', async () => {
    const stage = new NacosStage();
    await register(stage, 'ip=10.0.0.1&port=1');
    await register(stage, 'ip=10.0.0.2&port=1');
    await stage.namespace.pass(14_000);
    await stage.json('PUT', `${INSTANCE}/beat?serviceName=orders&ip=10.0.0.1&port=1`);
    await stage.namespace.pass(2_000);
    const health = async () => {
      const { hosts, reachProtectionThreshold } = await info(stage);
      return [...hosts.map(({ healthy }) => healthy), reachProtectionThreshold];
    };
    expect(await health()).toEqual([true, false, false]);
    await stage.send('PUT', '/nacos/v1/ns/service?serviceName=orders&protectThreshold=0.8');
    expect(await health()).toEqual([true, true, true]);
    await stage.send('PUT', '/nacos/v1/ns/service?serviceName=orders&protectThreshold=0.1');
    expect(await health()).toEqual([true, false, false]);
  });

  it('[Y7] is newer each time, in a thousand polls one millisecond apart', async () => {
    const stage = new NacosStage();
    await register(stage, 'ip=10.0.0.1&port=1');
    const moments: number[] = [];
    for (let poll = 0; poll < 1_000; poll++) {
      if (poll % 100 === 50) await register(stage, `ip=10.0.0.2&port=1&weight=${poll}`);
      moments.push((await info(stage, poll % 2 === 0 ? '' : '&clusters=DEFAULT')).lastRefTime);
    }
    expect(moments.every((moment, index) => index === 0 || moment > (moments[index - 1] ?? 0))).toBe(true);
    expect(moments[0]).toBe(stage.app.now);
  });

  it('[Y6] is read again only if it changed', async () => {
    const stage = new NacosStage();
    await register(stage, 'ip=10.0.0.1&port=1');
    const { listInstances } = stage.namespace.registry;
    const answered: boolean[] = [];
    stage.namespace.registry.listInstances = async (command) => {
      const answer = await listInstances.call(stage.namespace.registry, command);
      answered.push(answer.body !== null);
      return answer;
    };
    for (let poll = 0; poll < 3; poll++) await info(stage, poll === 2 ? '&clusters=a' : '');
    expect(answered).toEqual([true]);
    await register(stage, 'ip=10.0.0.2&port=1');
    expect((await info(stage)).hosts).toHaveLength(2);
    expect(answered).toEqual([true, true]);
  });

  it('[Y6] reports to a drain only the readers that have seen it', async () => {
    const stage = new NacosStage();
    await register(stage, 'ip=10.0.0.1&port=1');
    const poll = async (port: number) => {
      await info(stage, `&clientIP=10.0.0.9&udpPort=${port}`);
      await stage.namespace.pass(1_000);
    };
    const key = { group: 'DEFAULT_GROUP', service: 'orders', id: '10.0.0.1:1' };
    const acknowledged = async () => {
      const { body } = await stage.namespace.api.listSubscribers(key);
      const { subscribers } = JSON.parse(body) as { subscribers: { acknowledgedRevision: number }[] };
      return subscribers.map(({ acknowledgedRevision }) => acknowledgedRevision > 0);
    };
    await poll(1);
    await poll(2);
    expect(await acknowledged()).toEqual([false, false]);
    await poll(1);
    expect(await acknowledged()).toEqual([true, false]);
    await poll(2);
    expect(await acknowledged()).toEqual([true, true]);
  });
});
