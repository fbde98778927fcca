import { describe, expect, it } from 'vitest';
import { GoMicroStage } from '../../../test/fixtures/go-micro-stage';
import type { Service } from '../../codecs/go-micro/service';
import { readDocumentRows } from '../../core/namespace/records/record-row';
import { readJsonText } from '../../model/json';
import {
  DOCUMENT_MAX_BYTES,
  DOCUMENTS_PER_SERVICE_MAX_COUNT,
  EXTENSIONS_MAX_BYTES,
  GO_MICRO_LEASE_TTL_MS,
} from '../../model/limits';

const KEY = { group: 'DEFAULT_GROUP', service: 'orders' };

const text = (name: string) => ({ name, type: 'string', values: [] });
const message = (name: string, members: number) => ({
  name,
  type: name,
  values: Array.from({ length: members }, (_, member) => text(`${name}Member${member}`)),
});

/** A method as go-micro derives it from Go types: a request and a response of some members. */
const method = (index: number, members: number) => ({
  name: `Orders.Method${index}`,
  request: message(`Request${index}`, members),
  response: message(`Response${index}`, members),
  metadata: {},
});

/** @param methods 13 of 8 members take some 13 KB. */
function orders(id: string, methods: number, { members = 8, version = '1' } = {}) {
  return {
    name: 'orders',
    version,
    metadata: { team: 'x' },
    endpoints: Array.from({ length: methods }, (_, index) => method(index, members)),
    nodes: [{ id, address: '10.0.0.5:80', metadata: {} }],
  };
}

const documents = ({ namespace }: GoMicroStage) => [...readDocumentRows(namespace.platform.storage)];
const rowsWritten = ({ namespace }: GoMicroStage) => namespace.state.counters.rowsWritten;

async function read(stage: GoMicroStage): Promise<Service[]> {
  // `as`: tests look at the members one by one.
  return (await stage.read('/registry?service=orders')) as Service[];
}

async function staged(...services: object[]): Promise<GoMicroStage> {
  const stage = new GoMicroStage();
  for (const service of services) expect(await stage.send('POST', '/registry', service)).toEqual([200, '{}']);
  return stage;
}

describe('a service with more endpoints than a node stores', () => {
  it('[X10] reads back as written, also from disk', async () => {
    const service = orders('a', 13);
    expect(JSON.stringify(service.endpoints).length).toBeGreaterThan(EXTENSIONS_MAX_BYTES);
    const stage = await staged(service);
    expect(await read(stage)).toEqual([service]);
    await stage.namespace.restart();
    expect(await read(stage)).toEqual([service]);
  });

  it('[X10] may have 256 KiB of them, in any encoding by Go', async () => {
    const service = orders('a', 290);
    expect(JSON.stringify({ endpoints: service.endpoints }).replaceAll(',"values":[]', '').length).toBeLessThan(
      DOCUMENT_MAX_BYTES,
    );
    const stage = await staged();
    const asWritten = JSON.stringify(service).replaceAll('"values":[]', '"values":null');
    expect(await stage.send('POST', '/registry', asWritten)).toEqual([200, '{}']);
    expect(await read(stage)).toEqual([service]);
    expect(await stage.send('POST', '/registry', orders('a', 400))).toEqual([
      400,
      expect.stringMatching(/^the endpoints of the service "orders" take \d+ bytes; at most 262144 are allowed/),
    ]);
    expect(await read(stage)).toEqual([service]);
  });

  it.each(['{}', '0'])('[X10] with very many items such as %s is refused before they are parsed', async (item) => {
    const stage = await staged();
    const items = Array(20_000).fill(item).join();
    for (const body of [
      `{"name":"a","nodes":[${items}]}`,
      `{"name":"a","endpoints":[{"request":{"values":[${items}]}}]}`,
    ]) {
      expect(await stage.send('POST', '/registry', body)).toEqual([
        400,
        expect.stringContaining('more than 16384 items in total'),
      ]);
    }
  });

  it('[X11] is stored once for all nodes of its version: in memory, on disk, in the history and on the wire', async () => {
    const half = (name: string) => ({
      ...orders('', 290),
      nodes: Array.from({ length: 50 }, (_, node) => ({ id: `${name}${node}`, address: `10.0.0.5:${node + 1}` })),
    });
    const stage = await staged(half('a'), half('b'));
    const [first] = await read(stage);
    expect([first?.nodes.length, first?.endpoints.length]).toEqual([100, 290]);
    const [document, ...others] = documents(stage);
    const size = document?.text.length ?? 0;
    expect([others.length, size > 200_000]).toEqual([0, true]);
    const ofNodes = 100 * (EXTENSIONS_MAX_BYTES + 1_000);
    expect(stage.namespace.state.catalog.size).toBeLessThan(size + ofNodes);
    expect(stage.namespace.state.catalog.size).toBeGreaterThan(size);
    const { body } = await stage.namespace.api.listInstances({ ...KEY, filter: {} });
    expect(body?.length).toBeLessThan(ofNodes);
    const history = await stage.namespace.api.history({ ...KEY, limit: 200 });
    expect(history.body.length).toBeLessThan(ofNodes);
    const answered = await stage.namespace.api.listInstances({ ...KEY, filter: {}, documents: true });
    expect(answered.body?.length).toBeLessThan(2 * size + ofNodes);
  });

  it('[X11] is written with its first node, removed with its last, and writes nothing when repeated', async () => {
    // The first renewal opens a checkpoint.
    const stage = await staged(orders('a', 13), orders('a', 13));
    const renewed = rowsWritten(stage);
    await stage.send('POST', '/registry', orders('a', 13));
    expect(rowsWritten(stage) - renewed).toBe(0);
    await stage.send('POST', '/registry', orders('b', 13));
    expect(documents(stage)).toHaveLength(1);
    await stage.send('DELETE', '/registry', orders('a', 13));
    expect(documents(stage)).toHaveLength(1);
    await stage.namespace.pass(2 * GO_MICRO_LEASE_TTL_MS);
    expect(await read(stage)).toEqual([]);
    expect(documents(stage)).toEqual([]);
    await stage.namespace.restart();
    expect(stage.namespace.state.catalog.size).toBe(0);
  });

  it('[X11] replaces its endpoints if only their types change', async () => {
    const stage = await staged(orders('a', 13), orders('a', 13, { members: 9 }));
    expect(await read(stage)).toEqual([orders('a', 13, { members: 9 })]);
    expect(documents(stage)).toHaveLength(1);
    await stage.send('POST', '/registry', orders('a', 1));
    expect(await read(stage)).toEqual([orders('a', 1)]);
    expect(documents(stage)).toEqual([]);
  });

  it('[X11] of several versions stores those of each, up to a limit', async () => {
    const stage = await staged();
    const register = (version: string) =>
      stage.send('POST', '/registry', orders(version, 13, { version, members: 8 + Number(version) }));
    for (let version = 0; version < DOCUMENTS_PER_SERVICE_MAX_COUNT; version++) await register(`${version}`);
    expect(await register('64')).toEqual([429, expect.stringContaining('remove instances of old versions first')]);
    const services = await read(stage);
    expect(services).toHaveLength(DOCUMENTS_PER_SERVICE_MAX_COUNT);
    expect(services.find(({ version }) => version === '5')).toEqual(orders('5', 13, { version: '5', members: 13 }));
    await stage.send('DELETE', '/registry', orders('0', 13));
    expect((await register('64'))[0]).toBe(200);
  });

  it('[X11] is written only by a token that may register the node', async () => {
    const stage = await staged(orders('a', 13));
    const other = stage.app.directory.give([{ scope: 'register', ns: 'public' }], { pathWrite: true }).token;
    const body = JSON.stringify(orders('a', 20));
    const headers = { 'content-type': 'application/json' };
    expect((await stage.app.send('POST', `/t/${other}/registry`, { headers, body })).status).toBe(403);
    expect(await read(stage)).toEqual([orders('a', 13)]);
    expect(documents(stage)).toHaveLength(1);
  });

  it('[X12] stores names with each node: for watchers, the history, and versions of Rollcall without documents', async () => {
    const stage = await staged(orders('a', 13));
    const { body } = await stage.namespace.api.readInstance({ key: { ...KEY, id: 'a' } });
    const { extensions } = readJsonText(body ?? '');
    expect(JSON.stringify(extensions)).toContain('"name":"Orders.Method12","request":{"name":"Request12"');
    expect(JSON.stringify(extensions)).not.toContain('Member');
    // As an import leaves it, or that other version.
    const { storage } = stage.namespace.platform;
    storage.run('DELETE FROM document');
    await storage.sync();
    await stage.namespace.restart();
    const [brief] = await read(stage);
    expect(brief?.endpoints[12]).toMatchObject({ name: 'Orders.Method12', request: { name: 'Request12', values: [] } });
    const revision = await stage.revision();
    await stage.send('POST', '/registry', orders('a', 13));
    expect(await read(stage)).toEqual([orders('a', 13)]);
    expect([await stage.revision(), documents(stage).length]).toEqual([revision, 1]);
  });

  it('[X12] is read if its nodes store all endpoints themselves, as before documents existed', async () => {
    const stage = await staged(orders('a', 5));
    expect(documents(stage)).toEqual([]);
    expect(await read(stage)).toEqual([orders('a', 5)]);
  });
});
