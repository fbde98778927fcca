import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { entryOf } from '../../codecs/go-micro/node';
import type { Service, Value } from '../../codecs/go-micro/service';
import { readJsonText } from '../../model/json';
import { GO_MICRO_LEASE_TTL_MS } from '../../model/limits';
import { shortName } from '../../model/service-name';
import { servicesOf } from './kept-service';
import { keyOf, registrationsOf, removalsOf } from './translate';
import { readService } from './wire';

const CALLER = { tokenId: 'root', operates: true };

const greeter = (more: object = {}): Service =>
  readService({ name: 'greeter', version: '1', nodes: [{ id: 'n1', address: '10.0.0.5:1' }], ...more });

/** Registers all services, and returns the namespace's view of the first one. */
async function kept(...services: Service[]): Promise<Service[]> {
  const namespace = new NodeNamespace();
  for (const service of services) await namespace.api.batch(CALLER, await registrationsOf(service));
  const [first] = services;
  const { body } = await namespace.api.listInstances({ ...keyOf(first?.name ?? '', 'body'), filter: {} });
  return servicesOf(readJsonText(body ?? '{"instances":[]}').instances);
}

describe('names', () => {
  it('[X4] encode a service, and decode to it', () =>
    eachRow(
      [
        ['orders', { group: 'DEFAULT_GROUP', service: 'orders' }],
        ['g@@orders', { group: 'g', service: 'orders' }],
        ['DEFAULT_GROUP@@a@@b', { group: 'DEFAULT_GROUP', service: 'a@@b' }],
      ],
      (name, key) => {
        expect(keyOf(name, 'body')).toEqual(key);
        expect(shortName(key)).toBe(name);
      },
    ));
});

describe('registrationsOf', () => {
  it('[X4] makes one operation of each node', async () => {
    const service = greeter({
      metadata: { team: 'x' },
      nodes: [
        { id: 'n1', address: '10.0.0.5:1', metadata: { protocol: 'grpc' } },
        { id: 'n2', address: '10.0.0.5:02' },
      ],
    });
    expect(await registrationsOf(service)).toMatchObject([
      {
        op: 'register',
        key: { group: 'DEFAULT_GROUP', service: 'greeter', id: 'n1' },
        definition: {
          address: '10.0.0.5',
          port: 1,
          version: '1',
          metadata: { protocol: 'grpc' },
          extensions: { 'go-micro': { metadata: { team: 'x' } } },
          lease: { ttlMs: GO_MICRO_LEASE_TTL_MS, removeAfterMs: GO_MICRO_LEASE_TTL_MS },
          ephemeral: true,
        },
      },
      {
        key: { id: 'n2' },
        definition: { extensions: { 'go-micro': { metadata: { team: 'x' }, address: '10.0.0.5:02' } } },
      },
    ]);
  });

  it('[X4] refuses what can’t be registered', () =>
    eachRow(
      [
        [{ name: '' }, 'a service name must not be empty'],
        [{ nodes: [] }, '"greeter" has no nodes'],
        [{ nodes: [{ id: '', address: 'a:1' }] }, 'an instance id must not be empty'],
        [
          {
            nodes: [
              { id: 'a', address: 'a:1' },
              { id: 'a', address: 'b:1' },
            ],
          },
          'have the same id',
        ],
        [{ nodes: Array.from({ length: 1_001 }, (_, n) => ({ id: `${n}`, address: 'a:1' })) }, 'at most 1000'],
        [{ nodes: [{ id: 'a' }] }, 'is not host:port'],
        [{ nodes: [{ id: 'a', address: 'a:1', metadata: { '': 'x' } }] }, 'metadata keys must not be empty'],
        [{ metadata: { big: 'é'.repeat(4_096) } }, /greeter" take 82\d\d bytes; at most 8192/],
      ],
      async (more, words) => {
        await expect(registrationsOf(greeter(more))).rejects.toThrow(words);
        await expect(registrationsOf(greeter(more))).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
      },
    ));
});

it('[X4] only named nodes are removed', () => {
  expect(removalsOf(greeter())).toEqual([
    { op: 'deregister', key: { group: 'DEFAULT_GROUP', service: 'greeter', id: 'n1' }, precondition: {} },
  ]);
  expect(removalsOf(greeter({ nodes: null }))).toEqual([]);
});

describe('servicesOf', () => {
  it('[X4] groups a service by version, and takes common members from the newest change', async () => {
    const one = greeter({ metadata: { of: 'old' } });
    const two = greeter({ metadata: { of: 'new' }, nodes: [{ id: 'n0', address: '10.0.0.6:1' }] });
    const canary = greeter({ version: '2', nodes: [{ id: 'n9', address: '10.0.0.9:1' }] });
    const [first, second, ...more] = await kept(one, two, canary);
    expect(more).toEqual([]);
    expect(first).toEqual({ ...two, nodes: [...two.nodes, ...one.nodes] });
    expect(second).toEqual(canary);
  });

  it('[X4] moves a node that registers under another version', async () => {
    const [only, ...more] = await kept(greeter(), greeter({ version: '2' }));
    expect([only?.version, more]).toEqual(['2', []]);
  });

  it('[X4] restores random services', async () => {
    await fc.assert(
      fc.asyncProperty(services, async (service) => {
        const again = await kept(service);
        expect(again).toHaveLength(1);
        const byId = (nodes: Service['nodes'] = []) => nodes.toSorted((one, other) => (one.id < other.id ? -1 : 1));
        expect({ ...again[0], nodes: byId(again[0]?.nodes) }).toEqual({ ...service, nodes: byId(service.nodes) });
      }),
      { numRuns: 100 },
    );
  });
});

describe('entryOf', () => {
  const native = async (definition: object) => {
    const namespace = new NodeNamespace();
    const [operation] = await registrationsOf(greeter());
    if (operation?.op !== 'register') throw new Error('it registers');
    const { extensions: _, version: __, ...plain } = operation.definition;
    await namespace.api.register(CALLER, {
      key: operation.key,
      definition: { ...plain, extensions: {}, ...definition },
      precondition: {},
    });
    return entryOf(readJsonText((await namespace.api.readInstance({ key: operation.key })).body ?? ''));
  };

  it('[X4] gives registrations of others a version and a protocol', async () => {
    expect(await native({ metadata: { a: '1' } })).toEqual({
      name: 'greeter',
      version: 'latest',
      metadata: {},
      endpoints: [],
      nodes: [{ id: 'n1', address: '10.0.0.5:1', metadata: { protocol: 'http', a: '1' } }],
    });
    expect((await native({ version: '7' })).version).toBe('7');
    const protocol = async (more: object) => (await native(more)).nodes[0]?.metadata.protocol;
    expect(await protocol({ tags: ['grpc'] })).toBe('grpc');
    expect(await protocol({ ports: { grpc: { port: 1, secure: false } } })).toBe('grpc');
    expect(await protocol({ ports: { grpc: { port: 2, secure: false } } })).toBe('http');
    expect(await protocol({ tags: ['grpc'], metadata: { protocol: 'mucp' } })).toBe('mucp');
  });

  it('[X4] adds nothing to a registration of a go-micro client', async () => {
    const entry = await native({ extensions: { 'go-micro': {} } });
    expect([entry.version, entry.nodes[0]?.metadata]).toEqual(['', {}]);
  });

  it('[X4] omits an address that is outdated', async () => {
    const at = async (address: string) => (await native({ extensions: { 'go-micro': { address } } })).nodes[0]?.address;
    expect(await at('10.0.0.5:001')).toBe('10.0.0.5:001');
    expect(await at('10.0.0.99:1')).toBe('10.0.0.5:1');
  });
});

const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9._-]{0,20}$/);
const text = fc.string({ maxLength: 12, unit: 'binary' }).filter((value) => value.isWellFormed());
const strings = fc.dictionary(name, text, { maxKeys: 3 });
const valueWith = (values: fc.Arbitrary<Value[]>) => fc.record({ name: text, type: text, values });
const flat = valueWith(fc.constant([]));
const value = valueWith(fc.array(valueWith(fc.array(flat, { maxLength: 2 })), { maxLength: 2 }));
const endpoint = fc.record({
  name,
  request: fc.option(value),
  response: fc.option(value),
  metadata: strings,
});
const address = fc.oneof(
  fc.tuple(fc.ipV4(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `${host}:${port}`),
  fc.tuple(fc.ipV6(), fc.integer({ min: 1, max: 65_535 })).map(([host, port]) => `[${host}]:${port}`),
  name,
);
const services = fc
  .record({
    name,
    version: fc.oneof(name, fc.constant('')),
    metadata: strings,
    endpoints: fc.array(endpoint, { maxLength: 3 }),
    nodes: fc.uniqueArray(fc.record({ id: name, address, metadata: strings }), {
      minLength: 1,
      maxLength: 4,
      selector: ({ id }) => id,
    }),
  })
  .map((service) => readService(service));
