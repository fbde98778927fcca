import { describe, expect, it } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { heldEntry, instanceAt, readAgain, shownInstance, shownText } from '../../test/fixtures/layout-entries';
import { kratos } from './kratos';

const PREFIX = '/microservices';
const INSTANCE = {
  id: 'f0c7',
  name: 'helloworld',
  version: 'v1.0.0',
  metadata: { zone: 'a' },
  endpoints: ['http://10.0.0.5:8000?isSecure=false', 'grpc://10.0.0.5:9000?isSecure=false'],
};
const read = (more: object = {}, key = '/microservices/helloworld/f0c7', prefix = PREFIX) =>
  kratos.read(heldEntry(key, { ...INSTANCE, ...more }), prefix);

describe('reading', () => {
  it('[LO14] reads an instance as the registrar puts it', () => {
    const found = {
      group: 'DEFAULT_GROUP',
      service: 'helloworld',
      id: 'f0c7',
      definition: {
        address: '10.0.0.5',
        port: 8000,
        ports: { http: { port: 8000, secure: false }, grpc: { port: 9000, secure: false } },
        metadata: { zone: 'a' },
        version: 'v1.0.0',
      },
    };
    expect(read()).toEqual(found);
    expect(read({}, undefined, '/microservices/')).toEqual(found);
  });

  it('[LO14] parses endpoints of all versions', () =>
    eachRow(
      [
        [['grpcs://10.0.0.5:9000'], { address: '10.0.0.5', port: 9000, ports: { grpc: { port: 9000, secure: true } } }],
        [
          ['grpc://[::1]:9000?isSecure=true'],
          { address: '::1', port: 9000, ports: { grpc: { port: 9000, secure: true } } },
        ],
        [['https://orders.example'], { port: 443, ports: { http: { port: 443, secure: true } } }],
        [['http://orders.example/'], { port: 80, ports: { http: { port: 80, secure: false } } }],
        [
          ['http://10.0.0.5:80', 'https://10.0.0.5:443', 'https://10.0.0.5:444'],
          { port: 80, ports: { http: { port: 80, secure: false }, https: { port: 443, secure: true } } },
        ],
        [
          ['nonsense', 'grpc://10.0.0.5:9000', 'grpc://10.0.0.5:9001', 'http://10.0.0.6:80'],
          { address: '10.0.0.5', port: 9000, ports: { grpc: { port: 9000, secure: false } } },
        ],
      ],
      (endpoints, place) => expect(read({ endpoints })?.definition).toMatchObject(place),
    ));

  it('[LO14] takes a weight of 100 for 1', () =>
    eachRow(
      [
        ['50', 0.5],
        ['0', 0],
        ['250', 2.5],
        ['-1', undefined],
        ['a', undefined],
        ['999999999', undefined],
      ],
      (weight, wanted) => {
        const definition = read({ metadata: { zone: 'a', weight } })?.definition;
        expect(definition?.weight).toBe(wanted);
        expect(definition?.metadata).toEqual(wanted === undefined ? { zone: 'a', weight } : { zone: 'a' });
      },
    ));

  it('[LO14] takes null for what is absent', () => {
    expect(read({ metadata: null, version: '' })?.definition).toMatchObject({ metadata: {} });
    expect(read({ metadata: null, version: '' })?.definition).not.toHaveProperty('version');
  });

  it('[LO14] leaves any other shape alone', () => {
    for (const more of [
      ...[{ id: 'other' }, { name: 'other' }, { id: 7 }, { name: null }, { version: 1 }, { metadata: [] }],
      ...[
        { metadata: { a: 1 } },
        { endpoints: [] },
        { endpoints: null },
        { endpoints: ['grpc://'] },
        { endpoints: [1] },
      ],
    ])
      expect(read(more), JSON.stringify(more)).toBeUndefined();
    for (const key of [
      '/microservices/helloworld',
      '/microservices/x/helloworld/f0c7',
      '/microserviceshelloworld/f0c7',
    ])
      expect(read({}, key), key).toBeUndefined();
    expect(read({}, undefined, '/micro')).toBeUndefined();
  });
});

describe('showing', () => {
  const endpointsOf = (more: Parameters<typeof shownInstance>[0]) =>
    JSON.parse(shownText(kratos, shownInstance(more), PREFIX)?.[1] ?? '{}').endpoints;

  it('[LO14] shows an instance as the registrar puts it', () => {
    const more = { service: 'helloworld', id: 'f0c7', version: 'v1.0.0', metadata: { zone: 'a' } };
    expect(shownText(kratos, shownInstance(more), '/microservices/')).toEqual([
      '/microservices/helloworld/f0c7',
      '{"id":"f0c7","name":"helloworld","version":"v1.0.0","metadata":{"zone":"a"},"endpoints":["http://10.0.0.5:8080"]}',
    ]);
    expect(shownText(kratos, shownInstance({ group: 'eu' }), PREFIX)?.[0]).toBe('/microservices/eu@@orders/a');
    expect(shownText(kratos, instanceAt('https://orders.example'), PREFIX)).toBeUndefined();
  });

  it('[LO14] shows an endpoint for each port of a scheme, that of the instance first', () =>
    eachRow(
      [
        [{ address: '::1' }, ['http://[::1]:8080']],
        [{ tags: ['grpc'] }, ['grpc://10.0.0.5:8080']],
        [{ metadata: { protocol: 'grpc' } }, ['grpc://10.0.0.5:8080']],
        [{ metadata: { kind: 'grpc' } }, ['grpc://10.0.0.5:8080']],
        [{ ports: { http: { port: 8080, secure: true } } }, ['https://10.0.0.5:8080']],
        [
          {
            ports: {
              grpc: { port: 9000, secure: false },
              http: { port: 8080, secure: false },
              admin: { port: 1, secure: false },
            },
          },
          ['http://10.0.0.5:8080', 'grpc://10.0.0.5:9000'],
        ],
        [{ ports: { secure: { port: 8443, secure: true } } }, ['http://10.0.0.5:8080', 'https://10.0.0.5:8443']],
        [{ ports: { https: { port: 8443, secure: true } } }, ['http://10.0.0.5:8080', 'https://10.0.0.5:8443']],
      ],
      (more, endpoints) => expect(endpointsOf(more)).toEqual(endpoints),
    ));

  it('[LO14] shows a weight other than 1, as a share of 100', () => {
    const weightOf = (weight: number) =>
      JSON.parse(shownText(kratos, shownInstance({ weight }), PREFIX)?.[1] ?? '{}').metadata.weight;
    expect([1, 2.5, 0.001, 10_000].map(weightOf)).toEqual([undefined, '250', '1', '1000000']);
  });

  it('[LO14] reads the same instance from what it shows', () => {
    const ports = { grpc: { port: 9000, secure: true }, http: { port: 8080, secure: false } };
    const instance = shownInstance({ group: 'eu', id: 'a/b', address: '::1', version: '2', weight: 2, ports });
    expect(readAgain(kratos, instance, PREFIX)).toEqual({
      ...{ group: 'eu', service: 'orders', id: 'a/b' },
      definition: { address: '::1', port: 8080, ports, version: '2', weight: 2, metadata: {} },
    });
  });
});
