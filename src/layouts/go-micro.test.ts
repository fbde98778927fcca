import { describe, expect, it } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { heldEntry, instanceAt, shownInstance, shownText } from '../../test/fixtures/layout-entries';
import {
  EXTENSIONS_MAX_BYTES,
  GO_MICRO_ENTRY_MAX_BYTES,
  GO_MICRO_ITEMS_MAX_COUNT,
  GO_MICRO_TYPES_MAX_COUNT,
} from '../model/limits';
import { goMicro } from './go-micro';

const ID = 'greeter-6b0c4f0e-2f7c-4a0e-9b52-0d6b0c1f2a3b';
const KEY = `/micro/registry/greeter/${ID}`;
/** Value that a server of go-micro v4 puts. */
const TEXT =
  '{"name":"greeter","version":"latest","metadata":null,"endpoints":[{"request":{"name":"Request","type":"Request","values":[{"name":"name","type":"string","values":null}]},"response":{"name":"Response","type":"Response","values":[{"name":"msg","type":"string","values":null}]},"metadata":{},"name":"Say.Hello"}],"nodes":[{"metadata":{"broker":"http","protocol":"mucp","registry":"etcd","server":"mucp","transport":"http"},"id":"greeter-6b0c4f0e-2f7c-4a0e-9b52-0d6b0c1f2a3b","address":"10.0.0.5:41873"}]}';
const SERVICE = {
  name: 'greeter',
  version: '1',
  metadata: { team: 'x' },
  endpoints: [],
  nodes: [{ id: ID, address: '10.0.0.5:41873', metadata: { protocol: 'grpc' } }],
};
const read = (value: string | object, key = KEY, prefix = '') => goMicro.read(heldEntry(key, value), prefix);
const endpoint = (name: string, member = 'a') => ({
  name,
  request: { name: 'Request', type: 'Request', values: [{ name: member, type: 'string', values: [] }] },
  response: null,
  metadata: {},
});

describe('reading', () => {
  it('[LO15] reads a service as go-micro’s registry puts it', () => {
    expect(read(TEXT)).toEqual({
      group: 'DEFAULT_GROUP',
      service: 'greeter',
      id: ID,
      definition: {
        address: '10.0.0.5',
        port: 41_873,
        version: 'latest',
        metadata: { broker: 'http', protocol: 'mucp', registry: 'etcd', server: 'mucp', transport: 'http' },
        extensions: {
          'go-micro': {
            endpoints: [
              {
                name: 'Say.Hello',
                request: { name: 'Request', type: 'Request', values: [{ name: 'name', type: 'string' }] },
                response: { name: 'Response', type: 'Response', values: [{ name: 'msg', type: 'string' }] },
              },
            ],
          },
        },
      },
    });
  });

  it('[LO15] takes names from the value, since slashes in keys are replaced', () => {
    const service = { ...SERVICE, name: 'eu@@shop/greeter', nodes: [{ id: 'a/b', address: '[::1]:80' }] };
    expect(read(service, '/micro/registry/eu@@shop-greeter/a-b')).toMatchObject({
      ...{ group: 'eu', service: 'shop/greeter', id: 'a/b' },
      definition: { address: '::1', port: 80, extensions: { 'go-micro': { metadata: { team: 'x' } } } },
    });
  });

  it('[LO15] stores the original address, and the name of a queue', () =>
    eachRow(
      [
        ['10.0.0.5:080', { address: '10.0.0.5', port: 80, extensions: { 'go-micro': { address: '10.0.0.5:080' } } }],
        ['_INBOX.x7', { url: 'micro://_INBOX.x7' }],
      ],
      (address, definition) => {
        expect(read({ ...SERVICE, nodes: [{ id: ID, address }] })?.definition).toMatchObject(definition);
      },
    ));

  it('[LO15] leaves any other entry alone', () => {
    const [node] = SERVICE.nodes;
    for (const value of [
      ...[
        { ...SERVICE, nodes: [] },
        { ...SERVICE, nodes: null },
        { ...SERVICE, nodes: [node, { ...node, id: 'b' }] },
      ],
      ...[
        { ...SERVICE, name: 'other' },
        { ...SERVICE, nodes: [{ ...node, id: 'other' }] },
        { ...SERVICE, name: 7 },
      ],
      ...[
        { ...SERVICE, nodes: [{ ...node, address: '10.0.0.5:0' }] },
        { ...SERVICE, nodes: [{ id: ID }] },
      ],
      { ...SERVICE, metadata: { big: 'x'.repeat(EXTENSIONS_MAX_BYTES) } },
      { ...SERVICE, nodes: Array(GO_MICRO_ITEMS_MAX_COUNT + 1).fill(0) },
      { ...SERVICE, Name: 'greeter' },
    ])
      expect(read(value), JSON.stringify(value).slice(0, 200)).toBeUndefined();
    for (const key of ['/micro/registry/greeter', `/micro/registry2/greeter/${ID}`, `/micro/registry/x/greeter/${ID}`])
      expect(read(SERVICE, key), key).toBeUndefined();
  });

  it('[LO15] reads below another prefix if the settings name it', () => {
    expect(read(SERVICE, `/other/greeter/${ID}`)).toBeUndefined();
    for (const prefix of ['/other/', '/other'])
      expect(read(SERVICE, `/other/greeter/${ID}`, prefix)).toMatchObject({ service: 'greeter', id: ID });
  });

  it('[LO15] stores names of endpoints that are too large with their types, and none if even these are', () => {
    const kept = (endpoints: object[]) =>
      JSON.stringify(read({ ...SERVICE, endpoints })?.definition.extensions).match(/Say\.Hello/g)?.length ?? 0;
    expect(kept(Array.from({ length: 50 }, (_, at) => endpoint(`Say.Hello${at}`, 'x'.repeat(200))))).toBe(50);
    expect(kept(Array.from({ length: 1_000 }, (_, at) => endpoint(`Say.Hello${at}`)))).toBe(0);
  });
});

describe('a large value', () => {
  const withMembers = (count: number) => {
    const request = { name: 'R', type: 'R', values: Array(count).fill({}) };
    const endpoints = [{ name: 'Say.Hello', request, response: null, metadata: {} }];
    return JSON.stringify(read({ ...SERVICE, endpoints })?.definition.extensions);
  };

  it('[LO15] is read without types if they have too many members, and not at all above a size', () => {
    const [few, many] = [withMembers(GO_MICRO_TYPES_MAX_COUNT - 2), withMembers(GO_MICRO_TYPES_MAX_COUNT)];
    expect([few.includes('"values"'), many.includes('"values"'), many.includes('Say.Hello')]).toEqual([
      true,
      false,
      true,
    ]);
    const text = JSON.stringify(SERVICE);
    expect(read(text.padEnd(GO_MICRO_ENTRY_MAX_BYTES))?.id).toBe(ID);
    expect(read(text.padEnd(GO_MICRO_ENTRY_MAX_BYTES + 1))).toBeUndefined();
  });
});

describe('showing', () => {
  it('[LO15] shows an instance as a service with one node', () => {
    const more = { group: 'eu', service: 'shop/greeter', id: 'a/b', version: '2', tags: ['grpc'] };
    expect(shownText(goMicro, shownInstance(more), '/micro/registry/')).toEqual([
      '/micro/registry/eu@@shop-greeter/a-b',
      '{"name":"eu@@shop/greeter","version":"2","metadata":{},"endpoints":[],"nodes":[{"id":"a/b","address":"10.0.0.5:8080","metadata":{"protocol":"grpc"}}]}',
    ]);
    expect(shownText(goMicro, instanceAt('https://orders.example'), '/micro/registry/')?.[1]).toContain(
      '"address":"orders.example:443"',
    );
  });

  it('[LO15] shows what it has read, field by field', () => {
    const { group = '', service = '', id = '', definition } = read(TEXT) ?? {};
    const { address, port, version, metadata, extensions } = definition ?? {};
    const shown = shownText(
      goMicro,
      shownInstance({
        group,
        service,
        id,
        address,
        port,
        version,
        metadata: metadata ?? {},
        extensions: extensions ?? {},
      }),
      '/micro/registry/',
    );
    const withoutNull = TEXT.replace('"metadata":null', '"metadata":{}').replaceAll('"values":null', '"values":[]');
    expect([shown?.[0], JSON.parse(shown?.[1] ?? '')]).toEqual([KEY, JSON.parse(withoutNull)]);
  });
});
