import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b } from '../../../test/fixtures/etcd-stream';

const KEY = b('k');
const nested = (depth: number): unknown => {
  let operation: unknown = { request_put: { key: KEY } };
  for (let count = 0; count < depth; count++) operation = { request_txn: { success: [operation] } };
  return { success: [operation] };
};
const puts = (count: number) => Array.from({ length: count }, (_, index) => ({ request_put: { key: b(`k${index}`) } }));

/** Values in the place of any member. */
const VALUES: unknown[] = [
  ...[null, true, '', ' ', 'x', '!', '=', 'AA', 'AA==', '____', 'ÿ', '\0', '\ud800', [], {}, [[]], [null], [{}]],
  ...[0, -0, 1, -1, 1.5, 1e30, -1e30, 2 ** 53, '9223372036854775807', '-9223372036854775808', '9223372036854775808'],
  ...['1e3', '0x10', '٣', 'NaN', 'Infinity', 'PUT', 'DESCEND', { __proto__: null }, { key: { key: KEY } }],
];

const MEMBERS = {
  'kv/range': 'key range_end limit revision sort_order sort_target serializable keys_only count_only min_mod_revision',
  'kv/put': 'key value lease prev_kv ignore_value ignore_lease __proto__',
  'kv/deleterange': 'key range_end prev_kv',
  'kv/txn': 'compare success failure',
  'kv/compaction': 'revision physical',
  'lease/grant': 'TTL ID',
  'lease/revoke': 'ID',
  'lease/keepalive': 'ID',
  'lease/timetolive': 'ID keys',
  'lock/unlock': 'key',
  'election/leader': 'name',
  'election/proclaim': 'leader value',
  'election/resign': 'leader',
  'maintenance/hashkv': 'revision',
  'auth/user/get': 'name',
  'auth/role/get': 'role',
  'auth/authenticate': 'name password',
};

const TEXTS = [
  ...[
    'garbage',
    '{',
    '}',
    '"',
    '\\',
    '[]',
    '5',
    'true',
    '{"key":',
    '{"key":"aw=="}x',
    '\ufeff{}',
    '{"a":1,}',
    "{'a':1}",
  ],
  ...['{"key":"aw==","key":"bA=="}', '{"requestRange":{},"request_range":{}}', `{"key":"${'A'.repeat(9_000)}"}`],
  ...['['.repeat(100_000), '{"compare":'.repeat(50_000), `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`],
  `{"limit":${'9'.repeat(100_000)}}`,
  `{"limit":"${'9'.repeat(100_000)}"}`,
  '{} '.repeat(20_000),
];

const TRANSACTIONS: unknown[] = [
  `${'{"success":[{"request_txn":'.repeat(5_000)}{}${'}]}'.repeat(5_000)}`,
  ...[1, 2, 60, 200].map(nested),
  { success: puts(128) },
  { success: puts(129) },
  { failure: puts(1_000) },
  { success: [{ request_txn: { success: puts(127) } }, { request_txn: { success: puts(127) } }] },
  { compare: [{ key: KEY, target: 99 }] },
  { compare: [{ key: KEY, result: -1 }] },
  { compare: [{ key: KEY, target: 'VALUE', version: 1 }] },
  { compare: [{ key: KEY, version: '9223372036854775807' }] },
  { compare: [{ key: KEY, target: 'LEASE', lease: '-9223372036854775808' }] },
  { compare: [{ key: KEY, target: 'MOD', mod_revision: '9223372036854775807', result: 'LESS' }] },
  { success: [{ request_range: { key: KEY, revision: '-9223372036854775808' } }] },
  {
    success: [
      { request_range: { key: b('z'), range_end: KEY } },
      { request_delete_range: { key: b('z'), range_end: KEY } },
    ],
  },
];

const CREATIONS: unknown[] = [
  ...VALUES.flatMap((value) =>
    ['key', 'range_end', 'start_revision', 'filters', 'watch_id', 'fragment'].map((member) => ({ [member]: value })),
  ),
  { key: KEY, filters: [0, 1, 2, 'NOPUT', 'X'] },
  { key: KEY, start_revision: -5 },
];

/** Sends a request; returns its first line, and fails if that is not an answer of etcd. */
async function ask(stage: EtcdStage, path: string, body: unknown): Promise<void> {
  const response = await stage.send(`/v3/${path}`, body);
  const reader = response.body?.getReader();
  const { value } = (await reader?.read()) ?? {};
  await reader?.cancel();
  const text = new TextDecoder().decode(value);
  const shown = `${path} ${(typeof body === 'string' ? body : JSON.stringify(body)).slice(0, 100)}: ${response.status} ${text.slice(0, 200)}`;
  // etcd's own code for what an election refuses has that status.
  const isOfElection = path.startsWith('election/') && response.status === 500 && text.includes('"code":2}');
  if (!isOfElection) expect(response.status, shown).toBeLessThan(500);
  const line = JSON.parse(text.split('\n')[0] ?? '') as Record<string, unknown>; // `as`: every answer is an object
  if (response.status !== 200) expect(Object.keys(line), shown).toEqual(['error', 'message', 'code']);
}

describe('hostile requests of etcd’s clients', () => {
  it.each(Object.entries(MEMBERS))('[EK7] %s', async (path, members) => {
    const stage = new EtcdStage();
    for (const member of members.split(' ')) {
      for (const value of VALUES) {
        const usual = member === 'key' ? {} : { key: KEY };
        await ask(stage, path, { ...usual, [member]: value });
      }
    }
    for (const text of TEXTS) await ask(stage, path, text);
    expect(stage.sockets.size).toBe(0);
  });

  it('[EK7] transactions', async () => {
    const stage = new EtcdStage();
    for (const body of TRANSACTIONS) await ask(stage, 'kv/txn', body);
  });

  it('[EK7] watches', async () => {
    const stage = new EtcdStage();
    await stage.call('kv/put', { key: KEY });
    // A request that is not one is ignored, as by etcd; what follows is answered.
    for (const request of CREATIONS) {
      await ask(stage, 'watch', `${JSON.stringify({ create_request: request })}{"progress_request":{}}`);
    }
    for (const text of TEXTS) await ask(stage, 'watch', `${text}{"progress_request":{}}`);
    await stage.call('kv/put', { key: KEY });
    await expect.poll(() => stage.sockets.size).toBe(0);
  });

  it('keys have any bytes, but at least one', async () => {
    const stage = new EtcdStage();
    const keys = [
      '\0',
      '\0\0',
      '\xff',
      '\xff\xff',
      '\xc3\x28',
      'a\0b',
      '/',
      ' ',
      '\r\n',
      '__proto__',
      'x'.repeat(4096),
    ];
    for (const key of keys) await stage.call('kv/put', { key: b(key), value: b(key) });
    const { kvs } = await stage.call('kv/range', { key: b('\0'), range_end: b('\0') });
    expect(kvs.map(({ key, value }: Record<string, string>) => [atob(key ?? ''), atob(value ?? '')])).toEqual(
      keys.sort().map((key) => [key, key]),
    );
    expect(await stage.refusal('kv/put', { key: b('x'.repeat(4097)) })).toMatch(/^400 3 /);
  });
});
