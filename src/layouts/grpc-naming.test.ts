import { describe, expect, it } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { heldEntry, instanceAt, readAgain, shownInstance, shownText } from '../../test/fixtures/layout-entries';
import { grpcNaming } from './grpc-naming';

const KEY = 'svc/echo/10.0.0.5:50051';
const UPDATE = { Op: 0, Addr: '10.0.0.5:50051', Metadata: null };
const read = (value: string | object, key = KEY, prefix = '') => grpcNaming.read(heldEntry(key, value), prefix);

describe('reading', () => {
  it('[LO12] reads an endpoint as etcd’s naming package puts it', () => {
    const value = '{"Op":0,"Addr":"10.0.0.5:50051","Metadata":null}';
    expect(read(value)).toEqual({
      group: 'DEFAULT_GROUP',
      service: 'svc/echo',
      id: '10.0.0.5:50051',
      definition: { address: '10.0.0.5', port: 50_051, metadata: {} },
    });
    expect(read(value, KEY, 'svc/')).toMatchObject({ service: 'echo', id: '10.0.0.5:50051' });
    expect(read(value, 'eu@@echo/one')).toMatchObject({ group: 'eu', service: 'echo', id: 'one' });
  });

  it('[LO12] takes metadata of any type', () =>
    eachRow(
      [
        [
          { zone: 'a', weight: 3, deep: { b: [1] }, no: null, yes: true },
          { zone: 'a', weight: '3', deep: '{"b":[1]}', no: 'null', yes: 'true' },
        ],
        ['plain', { _: 'plain' }],
        [7, { _: '7' }],
        [[1, 'a'], { _: '[1,"a"]' }],
        [null, {}],
        [{}, {}],
      ],
      (Metadata, metadata) => expect(read({ ...UPDATE, Metadata })?.definition.metadata).toEqual(metadata),
    ));

  it('[LO12] leaves any other shape alone', () => {
    const others: (string | object)[] = [
      { ...UPDATE, Op: 1 },
      { ...UPDATE, Op: '0' },
      { ...UPDATE, Addr: 7 },
      { ...UPDATE, Addr: '' },
      { ...UPDATE, Addr: 'unix:///tmp/a' },
      { ...UPDATE, Addr: '10.0.0.5' },
      { ...UPDATE, More: 1 },
      { op: 0, addr: '10.0.0.5:80' },
      [UPDATE],
      '10.0.0.5:50051',
    ];
    for (const value of others) expect(read(value), JSON.stringify(value)).toBeUndefined();
    for (const key of ['echo', '/echo']) expect(read(UPDATE, key), key).toBeUndefined();
  });
});

describe('showing', () => {
  it('[LO12] shows the exact case that Go writes, with metadata or null', () => {
    expect(shownText(grpcNaming, shownInstance({ service: 'svc/echo', id: 'a/b' }), '')).toEqual([
      'svc/echo/a%2Fb',
      '{"Op":0,"Addr":"10.0.0.5:8080","Metadata":null}',
    ]);
    expect(shownText(grpcNaming, shownInstance({ address: '::1', metadata: { zone: 'a' } }), 'rpc/')).toEqual([
      'rpc/orders/a',
      '{"Op":0,"Addr":"[::1]:8080","Metadata":{"zone":"a"}}',
    ]);
    expect(shownText(grpcNaming, instanceAt('https://orders.example'), '')).toBeUndefined();
  });

  it('[LO12] reads the same instance from what it shows', () => {
    const instance = shownInstance({
      group: 'eu',
      service: 'a/b',
      address: '::1',
      metadata: { zone: 'a', '': '{"x":1}' },
    });
    expect(readAgain(grpcNaming, instance, 'rpc/')).toEqual({
      ...{ group: 'eu', service: 'a/b', id: 'a' },
      definition: { address: '::1', port: 8080, metadata: { zone: 'a', '': '{"x":1}' } },
    });
  });
});
