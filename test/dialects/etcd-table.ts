import type { EtcdExchange } from './etcd-random';

/** A request that both sides get, and how their answers may differ. */
export interface EtcdCase extends EtcdExchange {
  /** `text`: the status and the code are alike. A text: the door's own answer begins with it, for the reason given. */
  differs?: 'text' | { door: string; because: string };
}

const b = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

const same = (path: string, ...bodies: unknown[]): EtcdCase[] => bodies.map((body) => ({ path, body }));

/** Texts of what can't be parsed are those of the parser. */
const parsed = (path: string, ...bodies: unknown[]): EtcdCase[] =>
  bodies.map((body) => ({ path, body, differs: 'text' }));

const other = (path: string, body: unknown, door: string, because: string): EtcdCase => ({
  path,
  body,
  differs: { door, because },
});

const put = (key: string, value = 'v', more: object = {}) => ({
  request_put: { key: b(key), value: b(value), ...more },
});
const range = (key: string, more: object = {}) => ({ request_range: { key: b(key), ...more } });
const del = (key: string, more: object = {}) => ({ request_delete_range: { key: b(key), ...more } });
const txn = (success: object[], failure: object[] = [], compare: object[] = []) => ({
  request_txn: { compare, success, failure },
});
const compare = (target: string, result: string, key: string, more: object = {}) => ({
  target,
  result,
  key: b(key),
  ...more,
});

const RESULTS = ['EQUAL', 'GREATER', 'LESS', 'NOT_EQUAL'];
const OPERANDS: Record<string, unknown[]> = {
  VERSION: [{}, { version: -1 }, { version: 0 }, { version: '1' }, { version: 2 }],
  CREATE: [{}, ...['-1', '0', '1', '2', '3', '9223372036854775807'].map((each) => ({ create_revision: each }))],
  MOD: [{}, ...['-1', '0', '1', '2', '3', '-9223372036854775808'].map((each) => ({ mod_revision: each }))],
  VALUE: [{}, { value: '' }, { value: b('v') }, { value: b('w') }],
};

/** Each comparison on an existing key, a missing one, a range, an empty range and a backward one. */
const COMPARES = Object.entries(OPERANDS).flatMap(([target, operands]) =>
  operands.flatMap((operand) =>
    RESULTS.flatMap((result) =>
      [
        { key: b('k') },
        { key: b('missing') },
        { key: b('k'), range_end: b('l') },
        { key: b('m'), range_end: b('n') },
        { key: b('z'), range_end: b('a') },
        { key: '', range_end: b('a') },
      ].map((keys) => ({ path: 'kv/txn', body: { compare: [{ target, result, ...keys, ...(operand as object) }] } })),
    ),
  ),
);

const SORTS = [0, 1, 2].flatMap((sort_order) =>
  [0, 1, 2, 3, 4].flatMap((sort_target) =>
    [
      {},
      { limit: 2 },
      { limit: 1, keys_only: true },
      { revision: '5', limit: 3 },
      { min_mod_revision: '4', limit: 1 },
    ].map((more) => ({ path: 'kv/range', body: { key: 'AA==', range_end: 'AA==', sort_order, sort_target, ...more } })),
  ),
);

const NO_KEY = '400 [{"code":3,"error":"etcdserver: key is not provided"';
const NO_FAULT = 'bad input is no fault of the server';
const MISSING_LEASE = '404 [{"code":5,"error":"etcdserver: requested lease not found"';

/** Requests in their order, on an empty store. */
export const ETCD_CASES: readonly EtcdCase[] = [
  ...same(
    'kv/range',
    '',
    '{}',
    '{"key":null}',
    'null',
    { key: b('k') },
    { range_end: b('k') },
    { key: 'AA==', range_end: 'AA==' },
  ),
  ...same('kv/put', {}, { value: b('v') }, { key: b('k'), value: b('v') }, { key: b('k/2'), value: b('v') }),
  ...same(
    'kv/put',
    { key: b('k'), value: b('v') },
    { key: b('j'), prev_kv: true },
    { key: b('k'), value: b('w'), prev_kv: true },
  ),
  ...same(
    'kv/put',
    { key: b('empty') },
    { key: b('empty'), ignore_value: true },
    { key: b('none'), ignore_value: true },
  ),
  ...same(
    'kv/put',
    { key: b('none'), ignore_lease: true, value: b('x') },
    { key: b('k'), ignore_value: true, value: b('x') },
  ),
  ...same(
    'kv/put',
    { key: b('k'), ignore_lease: true, lease: 7 },
    { key: b('k'), lease: 999 },
    { key: b('k'), ignore_value: true, ignore_lease: true },
  ),
  ...same('kv/put', { key: b('k'), ignoreValue: true, prevKv: true }, '{"key":"aw==","unknown":[{"a":1}]}'),
  ...SORTS,
  ...COMPARES,
  ...same(
    'kv/range',
    { key: b('k'), limit: -5 },
    { key: b('k'), limit: '9223372036854775807' },
    { key: b('k'), revision: -1 },
  ),
  ...same(
    'kv/range',
    { key: b('k'), revision: '1' },
    { key: b('k'), revision: '2' },
    { key: b('k'), revision: '9223372036854775807' },
  ),
  ...same(
    'kv/range',
    { key: b('k'), revision: 99, count_only: true },
    { key: b('z'), range_end: b('a'), revision: 99 },
  ),
  ...same(
    'kv/range',
    { key: b('a'), range_end: b('z'), count_only: true, limit: 1 },
    { key: b('a'), range_end: 'AA==', keys_only: true },
  ),
  ...same(
    'kv/range',
    { key: b('a'), range_end: b('z'), max_mod_revision: 4 },
    { key: b('a'), range_end: b('z'), min_create_revision: 1000 },
  ),
  ...same(
    'kv/range',
    { key: b('a'), range_end: b('z'), min_mod_revision: -1 },
    { key: b('a'), range_end: b('z'), max_create_revision: -1 },
  ),
  ...same('kv/range', { key: b('k'), sort_order: 'DESCEND', sort_target: 'VALUE', serializable: true }),
  ...parsed(
    'kv/range',
    'garbage',
    '{',
    '[]',
    '5',
    '"x"',
    '{"key":5}',
    '{"key":"!"}',
    '{"limit":1.5}',
    '{"limit":"x"}',
    '{"keys_only":"true"}',
  ),
  ...parsed(
    'kv/range',
    '{"limit":9223372036854775808}',
    '{"limit":-9223372036854775809}',
    '{"sort_order":"FOO"}',
    '{"key":{}}',
    '{"limit":[]}',
  ),
  ...parsed('kv/txn', '{"compare":{}}', '{"compare":[{"target":"FOO"}]}', '{"success":[5]}', '{"success":5}'),
  other('kv/range', '{"key":"_-8"}', '200', 'later gateways accept the alphabet of URLs, and no padding'),
  other(
    'kv/range',
    { key: b('k'), sort_order: 7 },
    '400 [{"code":3,"error":"etcdserver: invalid sort option"',
    'as later versions',
  ),
  other('kv/range', '{"key":"aw=="} {"key":', '400 [{"code":3', 'nothing of a request is ignored'),
  ...same(
    'kv/deleterange',
    {},
    { key: b('none') },
    { key: b('none'), range_end: b('a') },
    { key: b('j'), prev_kv: true },
    { range_end: 'AA==' },
  ),
  ...same('kv/txn', {}, { success: [range('k')] }, { success: [del('none')] }, { success: [{}] }, { failure: [{}] }),
  ...same(
    'kv/txn',
    { success: [put('a'), put('a')] },
    { success: [put('a'), del('a')] },
    { success: [del('a'), del('a')] },
  ),
  ...same('kv/txn', { success: [del('a', { range_end: b('c') }), put('b')] }, { failure: [put('a'), put('a')] }),
  ...same('kv/txn', { success: [txn([put('a')], [put('a')]), put('b')] }, { success: [txn([put('a')]), put('a')] }),
  ...same('kv/txn', { success: [put('a'), txn([put('a')])] }, { success: [txn([put('a')]), txn([put('a')])] }),
  ...same('kv/txn', { success: [del('a'), txn([put('a')])] }, { success: [txn([del('a')]), put('a')] }),
  ...same('kv/txn', {
    success: [
      put('y'),
      range('y'),
      del('y2'),
      txn([range('y')], [], [compare('VALUE', 'EQUAL', 'y', { value: b('v') })]),
    ],
  }),
  ...same('kv/txn', {
    success: [range('k'), put('k', 'new', { prev_kv: true }), range('k'), del('empty', { prev_kv: true })],
  }),
  ...same(
    'kv/txn',
    { success: [range('k', { revision: 2 }), put('k')] },
    { success: [put('k'), range('k', { revision: 9999 })] },
  ),
  ...same(
    'kv/txn',
    { success: [put('k', 'v', { lease: 999 })] },
    { success: [put('none', '', { ignore_value: true })] },
  ),
  ...same(
    'kv/txn',
    { success: [put('none', 'v', { ignore_lease: true })] },
    { success: [put('k', 'v', { ignore_value: true })] },
  ),
  ...same(
    'kv/txn',
    { success: [put('')] },
    { success: [range('')] },
    { success: [del('')] },
    { compare: [{}] },
    { failure: [put('')] },
  ),
  ...same('kv/txn', { success: Array.from({ length: 128 }, (_, index) => range(`r${index}`)) }),
  ...same('kv/txn', { success: Array.from({ length: 129 }, (_, index) => range(`r${index}`)) }),
  ...same('kv/txn', { compare: Array.from({ length: 129 }, () => compare('VERSION', 'EQUAL', 'none')) }),
  ...same('kv/txn', { success: [txn(Array.from({ length: 127 }, (_, index) => range(`r${index}`)))] }),
  ...same('kv/txn', { success: [txn(Array.from({ length: 128 }, (_, index) => range(`r${index}`)))] }),
  ...same('kv/txn', { success: [txn([txn([txn([put('deep')])])])] }),
  other(
    'kv/txn',
    { failure: [txn([put('p')]), txn([del('p')])] },
    '400 [{"code":3,"error":"etcdserver: duplicate key given',
    'a revision changes a key once; etcd overlooks this case',
  ),
  other(
    'kv/txn',
    { success: [range('k')], failure: [range('k', { revision: 9999 })] },
    '400 [{"code":11,"error":"etcdserver: mvcc: required revision is a future',
    'the past is read on both sides',
  ),
  ...same('kv/txn', { compare: [compare('LEASE', 'GREATER', 'k', { lease: 5 })] }),
  ...same(
    'kv/txn',
    { compare: [compare('LEASE', 'EQUAL', 'k')] },
    { compare: [compare('LEASE', 'GREATER', 'k')] },
    { compare: [compare('LEASE', 'EQUAL', 'none')] },
  ),
  ...same('kv/txn', { compare: [compare('LEASE', 'NOT_EQUAL', 'k', { lease: 5 })] }),
  ...same(
    'lease/grant',
    { TTL: 1, ID: 21 },
    { TTL: 0, ID: 22 },
    { TTL: -5, ID: 23 },
    { TTL: 100, ID: 21 },
    { TTL: '9000000001', ID: 24 },
  ),
  ...same(
    'lease/grant',
    { TTL: '100', ID: '9223372036854775807' },
    { TTL: 100, ID: '-9223372036854775808' },
    { TTL: 100, ID: -1 },
  ),
  other(
    'lease/grant',
    { TTL: 2_592_001, ID: 25 },
    '400 [{"code":11,"error":"etcdserver: too large lease TTL"',
    'a lease lasts at most 30 days',
  ),
  ...same('lease/timetolive', { ID: 404 }, { ID: 404, keys: true }, {}, { ID: '9223372036854775807', keys: true }),
  ...same(
    'lease/keepalive',
    { ID: 404 },
    '{"ID":404}{"ID":"405"}',
    '{}',
    '',
    '{"ID":"9223372036854775807"}\n{"ID":-1}',
  ),
  ...['garbage', '{"ID":"x"}', '[]', '{"ID":5'].map((body) =>
    other('lease/keepalive', body, '400 [{"code":3', 'bad input is no fault of the server; so has etcd 3.6'),
  ),
  ...same('lease/revoke', { ID: 404 }, {}, { ID: '9223372036854775807' }, { ID: '-9223372036854775808' }),
  ...same('kv/lease/timetolive', { ID: -1 }),
  ...same('kv/lease/revoke', { ID: -1 }, { ID: -1 }),
  other('lock/unlock', {}, NO_KEY, NO_FAULT),
  ...same('lock/unlock', { key: b('none') }, { key: b('k/2') }, { key: b('k/2') }),
  ...same('election/leader', {}, { name: b('e') }),
  ...same('election/proclaim', {}, { leader: { name: b('e'), key: b('e/1'), rev: 5, lease: 7 }, value: b('x') }),
  other('election/proclaim', { leader: {} }, NO_KEY, NO_FAULT),
  other('election/resign', { leader: {} }, NO_KEY, NO_FAULT),
  ...same('election/resign', {}, { leader: { name: b('e'), key: b('e/1'), rev: '5' } }),
  {
    path: 'lock/lock',
    body: { name: b('l'), lease: 404 },
    differs: { door: MISSING_LEASE, because: 'the same error as elsewhere' },
  },
  ...same('auth/user/list', {}).map(
    (each): EtcdCase => ({ ...each, differs: { door: '200', because: 'users are tokens' } }),
  ),
];
