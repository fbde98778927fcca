import { expect } from 'vitest';
import { until } from '../watch-proofs/until';
import type { CallMethod } from './consul-methods';

/** Calls of a method, whose results are checked. `name` is unused in the registry: a service, a key or a node may have it. */
type MethodTest = (call: CallMethod, name: string) => Promise<void>;

/** Calls of a method that the registry refuses. */
interface RefusedMethod {
  words: unknown[];
  /** Text of the error. */
  error: string;
  /** Beginning of its row in the table of support. */
  row: string;
}

/** Registers a service with a TTL check. */
const register = (call: CallMethod, name: string) =>
  call('agent.service.register', { name, address: '10.0.0.7', port: 80, tags: ['a'], check: { ttl: '60s' } });

/** Returns the status of a check at the agent; undefined if there is none. */
async function checkStatus(call: CallMethod, id: string): Promise<unknown> {
  return Object(Object(await call('agent.checks'))[id]).Status;
}

/** Tests that a method reports the check of a service with a status. */
const reports =
  (method: string, status: string): MethodTest =>
  async (call, name) => {
    await register(call, name);
    expect(await checkStatus(call, `service:${name}`)).toBe('critical');
    if (status !== 'passing') await call('agent.check.pass', `service:${name}`);
    await call(method, { id: `service:${name}`, note: 'a note' });
    expect(Object(await call('agent.checks'))[`service:${name}`]).toMatchObject({ Status: status, Output: 'a note' });
  };

const listsServices: MethodTest = async (call, name) => {
  await register(call, name);
  const shown = { ID: name, Service: name, Tags: ['a'], Port: 80 };
  expect(await call('agent.services')).toMatchObject({ [name]: shown });
  expect(await call('agent.service.list')).toMatchObject({ [name]: shown });
};

const listsChecks: MethodTest = async (call, name) => {
  await register(call, name);
  const shown = { CheckID: `service:${name}`, ServiceID: name, Status: 'critical', Type: 'ttl' };
  expect(await call('agent.checks')).toMatchObject({ [`service:${name}`]: shown });
  expect(await call('agent.check.list')).toMatchObject({ [`service:${name}`]: shown });
};

const listsNodes =
  (method: string): MethodTest =>
  async (call, name) => {
    await call('catalog.register', { node: name, address: '10.0.0.9' });
    const nodes = expect.arrayContaining([expect.objectContaining({ Node: name, Address: '10.0.0.9' })]);
    expect(await call(method)).toEqual(nodes);
    expect(await call(method, 'dc1')).toEqual(nodes);
  };

const listsCatalog =
  (method: string): MethodTest =>
  async (call, name) => {
    await register(call, name);
    expect(await call(method)).toMatchObject({ consul: [], [name]: ['a'] });
  };

const deletesKey =
  (method: string): MethodTest =>
  async (call, name) => {
    for (const key of [name, `${name}/a`, `${name}/b`]) await call('kv.set', key, 'x');
    expect(await call(method, name)).toBe(true);
    expect(await call('kv.get', name)).toBeUndefined();
    expect(await call(method, { key: `${name}/`, recurse: true })).toBe(true);
    expect(await call('kv.get', { key: name, recurse: true })).toBeUndefined();
  };

/** Creates a session and returns its id. */
async function createSession(call: CallMethod, name: string): Promise<string> {
  return Object(await call('session.create', { name, ttl: '60s', lockdelay: '5s', behavior: 'delete' })).ID;
}

const readsSession =
  (method: string): MethodTest =>
  async (call, name) => {
    const id = await createSession(call, name);
    const shown = { ID: id, Name: name, TTL: '60s', LockDelay: 5e9, Behavior: 'delete', Node: 'rollcall' };
    expect(await call(method, id)).toMatchObject(shown);
    expect(await call(method, crypto.randomUUID())).toBeUndefined();
  };

const listsSessions =
  (method: string, ...words: unknown[]): MethodTest =>
  async (call, name) => {
    const id = await createSession(call, name);
    const listed = expect.arrayContaining([expect.objectContaining({ ID: id, Name: name })]);
    expect(await call(method, ...words)).toEqual(listed);
  };

/** Tests of all methods of the client of npm that the registry supports, by their names. */
export const METHOD_TESTS: Record<string, MethodTest> = {
  'agent.services': listsServices,
  'agent.service.list': listsServices,
  'agent.checks': listsChecks,
  'agent.check.list': listsChecks,
  async 'agent.members'(call) {
    expect(await call('agent.members')).toMatchObject([{ Name: 'rollcall', Status: 1 }]);
  },
  async 'agent.self'(call) {
    expect(await call('agent.self')).toMatchObject({ Config: { Datacenter: 'dc1', NodeName: 'rollcall' } });
  },
  async 'agent.reload'(call) {
    expect(await call('agent.reload')).toBeUndefined();
  },
  async 'agent.join'(call) {
    expect(await call('agent.join', '127.0.0.2')).toBeUndefined();
  },
  async 'agent.forceLeave'(call, name) {
    expect(await call('agent.forceLeave', name)).toBeUndefined();
  },
  async 'agent.maintenance'(call) {
    await call('agent.maintenance', { enable: true, reason: 'a new disk' });
    expect(await call('agent.checks')).toMatchObject({
      _node_maintenance: { Status: 'critical', Name: 'Node Maintenance Mode', Notes: 'a new disk' },
    });
    await call('agent.maintenance', false);
    expect(await checkStatus(call, '_node_maintenance')).toBeUndefined();
  },
  async 'agent.check.register'(call, name) {
    await register(call, name);
    await call('agent.check.register', { name, ttl: '60s', notes: 'of the node', status: 'warning' });
    await call('agent.check.register', { id: `${name}-2`, name: 'second', serviceid: name, ttl: '60s' });
    expect(await call('agent.checks')).toMatchObject({
      [name]: { Name: name, Status: 'warning', Notes: 'of the node', ServiceID: '' },
      [`${name}-2`]: { Name: 'second', Status: 'critical', ServiceID: name },
    });
    const orphan = call('agent.check.register', { name: 'orphan', serviceid: 'absent', ttl: '60s' });
    await expect(orphan).rejects.toThrow('ServiceID "absent" does not exist');
    await call('agent.check.deregister', name);
  },
  async 'agent.check.deregister'(call, name) {
    await call('agent.check.register', { name, ttl: '60s' });
    expect(await checkStatus(call, name)).toBe('critical');
    await call('agent.check.deregister', name);
    expect(await checkStatus(call, name)).toBeUndefined();
    await expect(call('agent.check.pass', name)).rejects.toThrow(expect.objectContaining({ statusCode: 404 }));
  },
  'agent.check.pass': reports('agent.check.pass', 'passing'),
  'agent.check.warn': reports('agent.check.warn', 'warning'),
  'agent.check.fail': reports('agent.check.fail', 'critical'),
  async 'agent.service.register'(call, name) {
    await call('agent.service.register', {
      ...{ name, id: `${name}-1`, address: '10.0.0.5', port: 8080, tags: ['b', 'a', 'b'], meta: { env: 'prod' } },
      taggedaddresses: { wan: { address: '1.2.3.4', port: 80 } },
      checks: [{ ttl: '60s', status: 'passing' }, { ttl: '30s' }],
    });
    expect(await call('health.service', name)).toMatchObject([
      {
        Service: {
          ...{ ID: `${name}-1`, Service: name, Address: '10.0.0.5', Port: 8080, Tags: ['b', 'a', 'b'] },
          ...{ Meta: { env: 'prod' }, TaggedAddresses: { wan: { Address: '1.2.3.4', Port: 80 } } },
        },
        Checks: [
          { CheckID: 'serfHealth', Status: 'passing' },
          { CheckID: `service:${name}-1:1`, Status: 'passing' },
          { CheckID: `service:${name}-1:2`, Status: 'critical' },
        ],
      },
    ]);
    await register(call, name);
    expect(await call('catalog.service.nodes', name)).toHaveLength(2);
  },
  async 'agent.service.deregister'(call, name) {
    await register(call, name);
    await call('agent.service.deregister', name);
    expect(await call('health.service', name)).toEqual([]);
    const again = call('agent.service.deregister', name);
    await expect(again).rejects.toThrow(expect.objectContaining({ statusCode: 404 }));
  },
  async 'agent.service.maintenance'(call, name) {
    await register(call, name);
    await call('agent.check.pass', `service:${name}`);
    await call('agent.service.maintenance', { id: name, enable: true, reason: 'an update' });
    expect(await call('health.service', { service: name, passing: true })).toEqual([]);
    expect(Object(await call('agent.checks'))[`_service_maintenance:${name}`]).toMatchObject({ Notes: 'an update' });
    await call('agent.service.maintenance', { id: name, enable: false });
    expect(await call('health.service', { service: name, passing: true })).toHaveLength(1);
  },
  async 'catalog.datacenters'(call) {
    expect(await call('catalog.datacenters')).toEqual(['dc1']);
  },
  'catalog.nodes': listsNodes('catalog.nodes'),
  'catalog.node.list': listsNodes('catalog.node.list'),
  'catalog.services': listsCatalog('catalog.services'),
  'catalog.service.list': listsCatalog('catalog.service.list'),
  async 'catalog.register'(call, name) {
    const service = { id: `${name}-1`, service: name, port: 5432, address: '10.0.0.8' };
    const check = { name: 'alive', status: 'passing', serviceid: `${name}-1` };
    await call('catalog.register', { node: name, address: '10.0.0.9', service, check });
    expect(await call('health.service', name)).toMatchObject([
      {
        Node: { Node: name, Address: '10.0.0.9' },
        Service: { ID: `${name}-1`, Port: 5432 },
        Checks: [{ CheckID: 'serfHealth' }, { CheckID: 'alive', Status: 'passing' }],
      },
    ]);
  },
  async 'catalog.deregister'(call, name) {
    await call('catalog.register', { node: name, address: '10.0.0.9', service: { service: name } });
    await call('catalog.deregister', { node: name, serviceid: name });
    expect(await call('catalog.service.nodes', name)).toEqual([]);
    await call('catalog.deregister', name);
    expect(await call('catalog.nodes')).not.toContainEqual(expect.objectContaining({ Node: name }));
  },
  async 'catalog.connect.nodes'(call, name) {
    await register(call, name);
    expect(await call('catalog.connect.nodes', name)).toEqual([]);
  },
  async 'catalog.node.services'(call, name) {
    await call('catalog.register', { node: name, address: '10.0.0.9', service: { service: 'db', tags: ['a'] } });
    expect(await call('catalog.node.services', name)).toMatchObject({
      Node: { Node: name },
      Services: { db: { ID: 'db', Service: 'db', Tags: ['a'] } },
    });
    // The client returns undefined for `null`.
    expect(await call('catalog.node.services', `${name}-absent`)).toBeUndefined();
  },
  async 'catalog.service.nodes'(call, name) {
    await register(call, name);
    const shown = [{ Node: 'rollcall', ServiceID: name, ServiceName: name, ServicePort: 80, ServiceTags: ['a'] }];
    expect(await call('catalog.service.nodes', name)).toMatchObject(shown);
    expect(await call('catalog.service.nodes', { service: name, tag: 'b' })).toEqual([]);
  },
  async 'event.list'(call) {
    expect(await call('event.list')).toEqual([]);
    expect(await call('event.list', 'deploy')).toEqual([]);
  },
  async 'health.node'(call, name) {
    await register(call, name);
    const checks = await call('health.node', 'rollcall');
    expect(Object(checks)[0]).toMatchObject({ Node: 'rollcall', CheckID: 'serfHealth', Status: 'passing' });
    expect(checks).toContainEqual(expect.objectContaining({ CheckID: `service:${name}`, ServiceName: name }));
  },
  async 'health.checks'(call, name) {
    await register(call, name);
    expect(await call('health.checks', name)).toMatchObject([{ CheckID: `service:${name}`, ServiceTags: ['a'] }]);
  },
  async 'health.service'(call, name) {
    await register(call, name);
    expect(await call('health.service', { service: name, passing: true })).toEqual([]);
    await call('agent.check.pass', `service:${name}`);
    const filter = 'Service.Port == 80 and "a" in Service.Tags';
    expect(await call('health.service', { service: name, passing: true, tag: 'a', filter })).toMatchObject([
      { Service: { ID: name }, Checks: [{ CheckID: 'serfHealth' }, { CheckID: `service:${name}` }] },
    ]);
    expect(await call('health.service', { service: name, tag: 'b' })).toEqual([]);
    expect(await call('health.service', { service: name, near: '_agent', stale: true })).toHaveLength(1);
  },
  async 'health.state'(call, name) {
    await register(call, name);
    const check = expect.objectContaining({ CheckID: `service:${name}` });
    expect(await call('health.state', 'critical')).toContainEqual(check);
    expect(await call('health.state', 'any')).toContainEqual(check);
    expect(await call('health.state', 'passing')).not.toContainEqual(check);
  },
  async 'kv.get'(call, name) {
    expect(await call('kv.get', name)).toBeUndefined();
    await call('kv.set', { key: name, value: 'wörld', flags: 42 });
    expect(await call('kv.get', name)).toMatchObject({ Key: name, Value: 'wörld', Flags: 42, LockIndex: 0 });
    expect(String(await call('kv.get', { key: name, raw: true }))).toBe('wörld');
    expect(await call('kv.get', { key: name, recurse: true, consistent: true })).toMatchObject([{ Key: name }]);
    await expect(call('kv.get', '')).rejects.toThrow('Missing key name');
  },
  async 'kv.keys'(call, name) {
    for (const key of ['a', 'b/c', 'b/d']) await call('kv.set', `${name}/${key}`, '');
    expect(await call('kv.keys', `${name}/`)).toEqual([`${name}/a`, `${name}/b/c`, `${name}/b/d`]);
    expect(await call('kv.keys', { key: `${name}/`, separator: '/' })).toEqual([`${name}/a`, `${name}/b/`]);
    expect(await call('kv.keys')).toContain(`${name}/a`);
  },
  async 'kv.set'(call, name) {
    expect(await call('kv.set', name, null)).toBe(true);
    const pair = Object(await call('kv.get', name));
    expect(pair.Value).toBeNull();
    // The client returns undefined where Consul answers `false`.
    expect(await call('kv.set', { key: name, value: 'x', cas: '0' })).toBeUndefined();
    expect(await call('kv.set', { key: name, value: 'x', cas: String(pair.ModifyIndex) })).toBe(true);
    const [mine, other] = [await createSession(call, name), await createSession(call, name)];
    expect(await call('kv.set', { key: name, value: 'mine', acquire: mine })).toBe(true);
    expect(await call('kv.set', { key: name, value: 'other', acquire: other })).toBeUndefined();
    expect(await call('kv.get', name)).toMatchObject({ Value: 'mine', Session: mine, LockIndex: 1 });
    expect(await call('kv.set', { key: name, value: 'free', release: mine })).toBe(true);
  },
  'kv.del': deletesKey('kv.del'),
  'kv.delete': deletesKey('kv.delete'),
  async 'query.list'(call) {
    expect(await call('query.list')).toEqual([]);
  },
  async 'query.execute'(call, name) {
    await register(call, name);
    expect(await call('query.execute', name)).toMatchObject({ Service: name, Nodes: [] });
    await call('agent.check.pass', `service:${name}`);
    expect(await call('query.execute', name)).toMatchObject({ Service: name, Nodes: [{ Service: { ID: name } }] });
  },
  async 'session.create'(call, name) {
    expect(await createSession(call, name)).toMatch(/^[0-9a-f-]{36}$/);
    await expect(call('session.create', { ttl: '1s' })).rejects.toThrow(/TTL/);
  },
  async 'session.destroy'(call, name) {
    const id = await createSession(call, name);
    await call('kv.set', { key: name, value: 'mine', acquire: id });
    expect(await call('session.destroy', id)).toBeUndefined();
    expect(await call('kv.get', name)).toBeUndefined();
    expect(await call('session.info', id)).toBeUndefined();
  },
  'session.info': readsSession('session.info'),
  'session.get': readsSession('session.get'),
  'session.node': listsSessions('session.node', 'rollcall'),
  'session.list': listsSessions('session.list'),
  async 'session.renew'(call, name) {
    const id = await createSession(call, name);
    expect(await call('session.renew', id)).toMatchObject([{ ID: id, TTL: '60s' }]);
    await call('session.destroy', id);
    await expect(call('session.renew', id)).rejects.toThrow(`Session id '${id}' not found`);
  },
  async 'status.leader'(call) {
    expect(await call('status.leader')).toBe('127.0.0.1:8300');
  },
  async 'status.peers'(call) {
    expect(await call('status.peers')).toEqual(['127.0.0.1:8300']);
  },
  async 'transaction.create'(call, name) {
    const set = (key: string) => ({ KV: { Verb: 'set', Key: key, Value: btoa('x') } });
    const results = [{ KV: { Key: `${name}/a` } }, { KV: { Key: `${name}/b` } }];
    const both = [set(`${name}/a`), set(`${name}/b`)];
    expect(await call('transaction.create', both)).toMatchObject({ Results: results, Errors: null });
    const failing = [set(`${name}/c`), { KV: { Verb: 'check-not-exists', Key: `${name}/a` } }];
    await expect(call('transaction.create', failing)).rejects.toThrow(expect.objectContaining({ statusCode: 409 }));
    expect(await call('kv.keys', `${name}/`)).toEqual([`${name}/a`, `${name}/b`]);
  },
  async watch(call, name) {
    const seen: unknown[] = [];
    const errors: unknown[] = [];
    const method = (options: object) => call('health.service', options);
    const watch = Object(await call('watch', { method, options: { service: name, passing: true, wait: '5s' } }));
    watch.on('change', (entries: unknown[]) => seen.push(entries.map((entry) => Object(entry).Service.ID)));
    watch.on('error', (error: unknown) => errors.push(error));
    await until('the watch has begun', () => seen.length === 1);
    await register(call, name);
    await call('agent.check.pass', `service:${name}`);
    await until('it sees the service', () => seen.some((ids) => String(ids) === name));
    await call('agent.service.deregister', name);
    await until('it sees that the service is gone', () => seen.length > 2 && String(seen.at(-1)) === '');
    watch.end();
    expect(watch.isRunning()).toBe(false);
    expect(errors).toEqual([]);
  },
  async destroy(call) {
    expect(await call('status.leader')).toBe('127.0.0.1:8300');
    await call('destroy');
  },
};

/** Calls of the tokens that Consul had before 1.11. */
const noToken = (...words: unknown[]): RefusedMethod => ({
  words,
  error: 'ACL support disabled',
  row: '| `GET acl/tokens`,',
});

const noQuery = (error: string, ...words: unknown[]): RefusedMethod => ({ words, error, row: '| `POST query`,' });

/** The methods of the client of npm that the registry refuses, by their names. */
export const REFUSED_METHODS: Record<string, RefusedMethod> = {
  'acl.bootstrap': { words: [], error: 'ACL support disabled', row: '| `PUT acl/bootstrap`,' },
  'acl.replication': { words: [], error: 'ACL support disabled', row: '| `PUT acl/bootstrap`,' },
  'acl.legacy.create': noToken({ name: 'a' }),
  'acl.legacy.update': noToken({ id: 'a' }),
  'acl.legacy.destroy': noToken('a'),
  'acl.legacy.info': noToken('a'),
  'acl.legacy.get': noToken('a'),
  'acl.legacy.clone': noToken('a'),
  'acl.legacy.list': noToken(),
  'event.fire': { words: ['deploy', 'now'], error: 'Events are not supported', row: '| `PUT event/fire/:name` |' },
  'query.create': noQuery('Prepared queries are not supported', { name: 'a', service: { service: 'a' } }),
  'query.get': noQuery('Query not found: "a"', 'a'),
  'query.update': noQuery('Query not found: "a"', { query: 'a', name: 'a', service: { service: 'a' } }),
  'query.destroy': noQuery('Query not found: "a"', 'a'),
  'query.explain': noQuery('Prepared queries are not supported', 'a'),
};
