import { describe, expect, it } from 'vitest';
import { socketPurpose } from '../../../../test/fixtures/socket-purpose';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { RegistryError } from '../../../model/errors';
import { ClientFrame } from '../../../model/frames';
import type { Grant } from '../../../model/grant';
import { newMemory } from './connection-memory';
import { authorizeFrame, errorFrame, idOf, parseFrame, readFrame } from './received-frame-admission';

it('[W15] the id of a frame is read, even if the rest is invalid', () => {
  const value = parseFrame('{"type":"dance","id":"7"}');
  expect(idOf(value)).toBe('7');
  expect(() => readFrame(value)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  expect(idOf(parseFrame('{"type":"dance","id":7}'))).toBeUndefined();
  expect(() => parseFrame('{')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
});

it('[H10] a frame with a duplicate key is refused, because parsers differ in which of the two they use', () => {
  expect(() => parseFrame('{"type":"sync","id":"7","watch":"a","watch":"b"}')).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('"watch" appears twice') }),
  );
});

it('[W15] a refusal has its code and details, and a defect is not described', () => {
  const errors = [{ path: 'scope', message: 'is missing' }];
  const refusal = new RegistryError('INVALID_REQUEST', 'no', { errors });
  expect(errorFrame(refusal, '1')).toEqual({ type: 'error', id: '1', code: 'INVALID_REQUEST', detail: 'no', errors });
  const defect = errorFrame(new TypeError('a secret'), undefined);
  expect(defect).toMatchObject({ type: 'error', code: 'INTERNAL' });
  expect(JSON.stringify(defect)).not.toContain('secret');
});

const ORDERS = ['DEFAULT_GROUP@@orders*'];
const ADDRESS = { address: '10.0.0.1', port: 80 };

/** Frames, by name. */
const FRAMES = {
  session: { type: 'session' },
  'batch that registers orders': {
    type: 'batch',
    operations: [{ op: 'register', service: 'orders', ...ADDRESS, id: 'a' }],
  },
  'batch that registers carts': {
    type: 'batch',
    operations: [{ op: 'register', service: 'carts', ...ADDRESS, id: 'a' }],
  },
  'batch that removes orders': { type: 'batch', operations: [{ op: 'deregister', service: 'orders', id: 'a' }] },
  'batch that overrides orders': {
    type: 'batch',
    operations: [{ op: 'override', service: 'orders', id: 'a', weight: 2 }],
  },
  'transaction that reads config': {
    type: 'transaction',
    transaction: { if: [{ property: 'exists', key: 'config/a', operand: true }], do: [], else: [] },
  },
  'transaction that puts config': {
    type: 'transaction',
    transaction: { do: [], else: [{ op: 'put', key: 'config/a', value: '' }] },
  },
  'transaction that registers orders': {
    type: 'transaction',
    transaction: { do: [{ op: 'register', service: 'orders', ...ADDRESS, id: 'a' }] },
  },
  'grant of a lease': { type: 'grant-lease', ttlMs: null },
  'renewal of a lease': { type: 'renew-leases', leases: [{ lease: '7' }] },
  'read of a lease': { type: 'read-lease', lease: '7' },
  'end of a lease': { type: 'revoke-lease', lease: '7' },
  'watch of all': { type: 'watch', watch: 'w', scope: {} },
  'watch of a group': { type: 'watch', watch: 'w', scope: { groups: ['DEFAULT_GROUP'] } },
  'watch of orders': { type: 'watch', watch: 'w', scope: { services: ['orders'] } },
  'watch of orders and carts': { type: 'watch', watch: 'w', scope: { services: ['orders', 'carts'] } },
  'resolve of orders': { type: 'resolve', service: 'orders' },
  'resolve of carts': { type: 'resolve', service: 'carts' },
  unwatch: { type: 'unwatch', watch: 'w' },
  sync: { type: 'sync', watch: 'w' },
  ack: { type: 'ack', watch: 'w', cursor: 'c' },
  credit: { type: 'credit', bytes: 1 },
  end: { type: 'end' },
} as const;
type FrameName = keyof typeof FRAMES;

const FREE: FrameName[] = ['unwatch', 'sync', 'ack', 'credit', 'end'];
const LEASES: FrameName[] = ['grant of a lease', 'renewal of a lease', 'read of a lease', 'end of a lease'];
const NAMES = Object.keys(FRAMES) as FrameName[]; // `as`: the keys of a literal

/** The frames that each grant allows, written by hand. */
const ALLOWED: [string, Grant[], FrameName[]][] = [
  ['admin', [{ scope: 'admin', ns: '*' }], NAMES],
  ['nothing', [], []],
  ['admin of another namespace', [{ scope: 'admin', ns: 'other' }], []],
  ['metrics', [{ scope: 'metrics', ns: 'public' }], []],
  [
    'read',
    [{ scope: 'read', ns: 'public' }],
    [
      'transaction that reads config',
      'watch of all',
      'watch of a group',
      'watch of orders',
      'watch of orders and carts',
      'resolve of orders',
      'resolve of carts',
      ...FREE,
    ],
  ],
  [
    'read of orders',
    [{ scope: 'read', ns: 'public', services: ORDERS }],
    ['watch of orders', 'resolve of orders', ...FREE],
  ],
  [
    'register of orders',
    [{ scope: 'register', ns: 'public', services: ORDERS }],
    [
      'session',
      'batch that registers orders',
      'batch that removes orders',
      'transaction that registers orders',
      ...LEASES,
      ...FREE,
    ],
  ],
  [
    'operate on orders',
    [{ scope: 'operate', ns: 'public', services: ORDERS }],
    [
      'session',
      'batch that registers orders',
      'batch that removes orders',
      'batch that overrides orders',
      'transaction that registers orders',
      ...LEASES,
      ...FREE,
    ],
  ],
  [
    'read of keys',
    [{ scope: 'read', ns: 'public', services: [], keys: ['config/*'] }],
    ['transaction that reads config', ...FREE],
  ],
  [
    'register of keys',
    [{ scope: 'register', ns: 'public', services: [], keys: ['config/*'] }],
    ['session', 'transaction that puts config', ...LEASES, ...FREE],
  ],
];

const parsed = (name: FrameName) => ClientFrame.parse({ id: '1', ...FRAMES[name] });

describe('authorizeFrame', () => {
  it.each(ALLOWED)('[A43] allows what the scope %s permits, and nothing else', (_name, grants, allowed) => {
    const memory = newMemory(socketPurpose({ grants }), 0);
    const through = NAMES.filter((name) => {
      const { id: _id, ...withoutId } = { id: '1', ...FRAMES[name] };
      const frame = ['ack', 'credit', 'end'].includes(name) ? ClientFrame.parse(withoutId) : parsed(name);
      try {
        authorizeFrame(memory, frame, () => []);
        return true;
      } catch (error) {
        expect(error).toMatchObject({ code: 'FORBIDDEN' });
        return false;
      }
    });
    expect(through.sort()).toEqual([...allowed].sort());
  });
});

it('[A48] a batch registers no claim on a service that the token may not register in', () => {
  const grants: Grant[] = [{ scope: 'register', ns: 'public', services: ORDERS }];
  const memory = newMemory(socketPurpose({ grants }), 0);
  const claiming = (service: string) => () =>
    authorizeFrame(memory, parsed('batch that registers orders'), () => [
      { service: { group: 'DEFAULT_GROUP', service }, by: 'its extension' },
    ]);
  expect(claiming('orders-eu')).not.toThrow();
  expect(claiming('carts')).toThrow('its extension names the service "DEFAULT_GROUP@@carts"');
});

it('[A43] a refused frame is an error on the socket, which stays open, and changes nothing', async () => {
  const stage = new WatchStage();
  const caller = { tokenId: 'reader' };
  const client = stage.connect({ caller, grants: [{ scope: 'read', ns: 'public', services: ORDERS }] });
  await client.say({ id: '1', ...FRAMES['batch that registers orders'] });
  await client.say({ id: '2', ...FRAMES['watch of all'] });
  await client.say({ id: '3', ...FRAMES.session });
  await client.say({ id: '4', ...FRAMES['resolve of orders'] });
  expect(client.take()).toMatchObject([
    { type: 'error', id: '1', code: 'FORBIDDEN' },
    { type: 'error', id: '2', code: 'FORBIDDEN' },
    { type: 'error', id: '3', code: 'FORBIDDEN' },
    { type: 'answer', id: '4', body: { instances: [] } },
  ]);
  expect(await stage.scene.stats()).toMatchObject({ revision: 0, watches: 0, leases: 0 });
});

it('[A41, A43] a batch over a socket changes only what the token registered or operates', async () => {
  const stage = new WatchStage();
  await stage.scene.register('a');
  const connect = (operates: boolean) =>
    stage.connect({ caller: { tokenId: 'stranger', operates }, grants: [{ scope: 'operate', ns: 'public' }] });
  const [plain, operator] = [connect(false), connect(true)];
  await plain.say({ id: '1', ...FRAMES['batch that removes orders'] });
  expect(plain.take()).toMatchObject([{ type: 'error', code: 'FORBIDDEN' }]);
  expect(await stage.scene.listed()).toEqual(['a']);
  await operator.ask(FRAMES['batch that removes orders']);
  expect(await stage.scene.listed()).toEqual([]);
});
