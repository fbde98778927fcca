import { describe, expect, it } from 'vitest';
import { AwakeNamespace } from '../../../../test/fixtures/awake-namespace';
import { definition, key } from '../../../../test/fixtures/definition';
import { instanceRecord } from '../../../../test/fixtures/instance-record';
import { readJsonText } from '../../../model/json';
import { DUPLICATE_ADDRESS_SCAN_MAX_COUNT } from '../../../model/limits';
import { renewal } from '../leases/renewing';
import { Catalog, requireInstance } from '../records/catalog';
import { encodeInstance } from '../records/records';
import { change } from '../turn/turn';
import {
  batchReport,
  instanceAnswer,
  overrideText,
  registration,
  requireOverride,
  requireService,
  serviceText,
  warningsFor,
} from './answers';

const OWNER = { tokenId: 'owner', address: '10.9.9.9' };

describe('registration', () => {
  it('[R1, R11] contains the instance, its expiry, and warnings about likely mistakes', () => {
    const awake = new AwakeNamespace();
    awake.put('a b', { lease: { ttlMs: 5_000 } });
    const answer = readJsonText(registration(awake.state, OWNER, key('a'), definition()));
    expect(answer).toMatchObject({ ...key('a'), revision: 1, expiresAt: '2030-01-01T00:00:05.000Z' });
    expect(answer.warnings.map(({ code }) => code)).toEqual(['FOREIGN_ADDRESS', 'DUPLICATE_ADDRESS']);
  });

  it('[R1] is the same from a new record as from a stored one', async () => {
    const cases = [
      {},
      { metadata: { b: '1', a: '2' }, tags: ['x'], weight: 0, status: 'down' as const, node: 'n', version: '1' },
      { lease: { ttlMs: 5_000, removeAfterMs: null }, location: { zone: 'z', latitude: 1, longitude: 2 } },
      {
        ephemeral: false,
        ports: { z: { port: 1 }, a: { port: 2, secure: true } },
        extensions: { consul: { b: 1, a: [] } },
      },
    ];
    for (const input of cases) {
      const awake = new AwakeNamespace();
      const place = { key: key('a'), record: instanceRecord(input, { place: { zone: 'y' } }) };
      const text = await change(awake.state, OWNER, {
        scope: place.key,
        decide: (draft) => draft.putInstance(place.key, place.record, 'registered', true),
        answer: (_, draft) =>
          registration(awake.state, OWNER, place.key, definition(input), draft.instance(place.key)?.record),
      });
      expect(text).toBe(registration(awake.state, OWNER, place.key, definition(input)));
    }
  });

  it('[R10] has no expiry without a lease', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { ephemeral: false });
    expect(readJsonText(registration(awake.state, OWNER, key('a'), definition())).expiresAt).toBeNull();
  });
});

describe('renewal', () => {
  it('[L4] contains the lease and the end of its time to live, in wall clock time', () => {
    const awake = new AwakeNamespace();
    awake.put('a', { lease: { ttlMs: 5_000, removeAfterMs: null } });
    awake.platform.jump(-60_000);
    awake.state.leases.renew(0, awake.state.time.now());
    const { cursor, body } = renewal(awake.state, requireInstance(awake.state.catalog, key('a')));
    expect(cursor).toBe(awake.state.journal.cursor);
    expect(readJsonText(body)).toEqual({
      lease: { ttlMs: 5_000, removeAfterMs: null, intervalMs: 1_666 },
      expiresAt: '2029-12-31T23:59:05.000Z',
      revision: 1,
    });
  });
});

it('[L4] requireInstance refuses a missing instance', () => {
  const { state } = new AwakeNamespace();
  expect(() => requireInstance(state.catalog, key('a'))).toThrow(
    expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }),
  );
});

it('[O1] a missing override or service is refused too', () => {
  const { catalog } = new AwakeNamespace().state;
  expect(() => requireOverride(catalog, key('a'))).toThrow(expect.objectContaining({ code: 'INSTANCE_NOT_FOUND' }));
  expect(() => requireService(catalog, key('a'))).toThrow(expect.objectContaining({ code: 'SERVICE_NOT_FOUND' }));
});

it('[O1] instances, overrides and services are returned in their current state', () => {
  const awake = new AwakeNamespace();
  awake.put('a');
  awake.override('a', { weight: 2 });
  const { cursor, body } = instanceAnswer(awake.state, key('a'));
  expect(cursor).toBe(awake.state.journal.cursor);
  expect(readJsonText(body)).toMatchObject({ id: 'a', weight: 2, overridden: true });
  expect(readJsonText(overrideText(awake.state.catalog, key('a')))).toMatchObject({ weight: 2, revision: 2 });
  expect(readJsonText(serviceText(awake.state.catalog, key('a')))).toMatchObject({ instances: 1, persistent: false });
});

it('[C3] batchReport lists the outcome of each record, in the order of the operations', () => {
  const awake = new AwakeNamespace();
  awake.put('a b');
  awake.override('b', { weight: 2 });
  const operation = { precondition: {} };
  const report = batchReport(
    awake.state,
    [
      { ...operation, op: 'deregister', key: key('gone') },
      { ...operation, op: 'update', key: key('a'), patch: { weight: 2 } },
      { ...operation, op: 'override', key: key('b'), override: { weight: 2 } },
    ],
    ['removed', 'changed', 'created'],
  );
  expect(readJsonText(report)).toEqual({
    cursor: awake.state.journal.cursor,
    revision: 3,
    results: [
      { outcome: 'removed', id: 'gone', revision: null },
      { outcome: 'changed', id: 'a', revision: 1 },
      { outcome: 'created', id: 'b', revision: 3 },
    ],
  });
});

/** A service with instances `i-0`, `i-1` and so on, all at one address. */
function serviceOf(count: number, input = {}) {
  const catalog = new Catalog();
  const service = catalog.serviceFor({ group: 'g', service: 's' });
  const text = encodeInstance(instanceRecord(input));
  for (let index = 0; index < count; index++) catalog.putInstance(service, `i-${index}`, text, 1, 0);
  return service;
}

const codes = (input: object, caller: object = {}, service = serviceOf(0)) =>
  warningsFor('a', definition(input), service, { tokenId: 'owner', ...caller }).map(({ code }) => code);

describe('warningsFor', () => {
  it('[R11] warns of a loopback address', () => {
    const cases = ['127.0.0.1', '127.8.9.1', '::1', 'localhost', 'LOCALHOST.'] as const;
    for (const address of cases) {
      expect(codes({ address }), address).toEqual(['LOOPBACK_ADDRESS']);
    }
  });

  it('[R11] warns of a link-local address', () => {
    const cases = ['169.254.0.9', 'fe80::1', 'FEBF::1'] as const;
    for (const address of cases) {
      expect(codes({ address }), address).toEqual(['LINK_LOCAL_ADDRESS']);
    }
  });

  it('[R11] does not warn of similar addresses', () => {
    const cases = ['10.0.0.1', '1.127.0.0', '::11', 'fec0::1', 'localhost.example', 'orders.example'] as const;
    for (const address of cases) {
      expect(codes({ address }), address).toEqual([]);
    }
  });

  it('[R11] warns of an address other than the origin of the request', () => {
    expect(codes({ address: '10.0.0.1' }, { address: '10.0.0.2' })).toEqual(['FOREIGN_ADDRESS']);
    // From the machine itself, whose other addresses are unknown.
    for (const loopback of ['127.0.0.1', '::1'])
      expect(codes({ address: '10.0.0.1' }, { address: loopback })).toEqual([]);
    expect(codes({ address: '10.0.0.1' }, { address: '10.0.0.1' })).toEqual([]);
    expect(codes({ address: 'fd00::1' }, { address: 'fd00::2' })).toEqual(['FOREIGN_ADDRESS']);
  });

  it('[R11] does not judge host names, nor report a loopback address as foreign', () => {
    expect(codes({ address: 'orders.example' }, { address: '10.0.0.2' })).toEqual([]);
    expect(codes({ address: '127.0.0.1' }, { address: '10.0.0.2' })).toEqual(['LOOPBACK_ADDRESS']);
  });

  it('[R11] warns of an address that another instance has, with its id', () => {
    expect(codes({}, {}, serviceOf(1))).toEqual(['DUPLICATE_ADDRESS']);
    expect(codes({ port: 9 }, {}, serviceOf(1))).toEqual([]);
    expect(codes({ port: 8 }, {}, serviceOf(1, { port: 80 }))).toEqual([]);
    const [warning] = warningsFor('a', definition(), serviceOf(1), { tokenId: 'owner' });
    expect(warning?.message).toContain('"i-0"');
  });

  it('[R11] does not mistake an instance for a duplicate of itself', () => {
    expect(warningsFor('i-0', definition(), serviceOf(1), { tokenId: 'owner' })).toEqual([]);
  });

  it('looks for duplicates only if that is cheap', () => {
    const most = DUPLICATE_ADDRESS_SCAN_MAX_COUNT;
    expect(codes({}, {}, serviceOf(most))).toEqual(['DUPLICATE_ADDRESS']);
    expect(codes({}, {}, serviceOf(most + 1))).toEqual([]);
  });

  it('has no warning for an instance that has only a url', () => {
    expect(codes({ address: undefined, port: undefined, url: 'https://127.0.0.1' }, { address: '1.1.1.1' })).toEqual(
      [],
    );
  });
});
