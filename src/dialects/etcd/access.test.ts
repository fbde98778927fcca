import { describe, expect, it } from 'vitest';
import { EtcdStage } from '../../../test/fixtures/etcd-stage';
import { base64 as b } from '../../../test/fixtures/etcd-stream';
import type { Grant } from '../../model/grant';

const KEY = b('app/k');
const LEADER = { name: b('app'), key: b('app/1'), rev: 3, lease: 1 };
const TRANSACTION = {
  compare: [{ key: KEY, version: 1 }],
  success: [{ request_put: { key: KEY } }],
  failure: [{ request_range: { key: KEY } }],
};

/** Bodies of the methods that need one. */
const BODIES: Record<string, unknown> = {
  'KV.Range': { key: KEY },
  'KV.Range all': { key: b('\0'), range_end: b('\0') },
  'KV.Put': { key: KEY },
  'KV.Put prev': { key: KEY, prev_kv: true },
  'KV.DeleteRange': { key: KEY },
  'KV.DeleteRange all': { key: b('\0'), range_end: b('\0') },
  'KV.Txn put or read': TRANSACTION,
  'KV.Compact': { revision: 2 },
  'Watch.Watch': { create_request: { key: KEY } },
  'Watch.Watch all': { create_request: { key: b('\0'), range_end: b('\0') } },
  'Lease.LeaseGrant': { TTL: 60 },
  'Lease.LeaseRevoke': { ID: 2 },
  'Lease.LeaseKeepAlive': { ID: 1 },
  'Lease.LeaseTimeToLive': { ID: 1, keys: true },
  'Lock.Lock': { name: b('app/l') },
  'Lock.Unlock': { key: KEY },
  'Election.Campaign': { name: b('app/e') },
  'Election.Proclaim': { leader: LEADER },
  'Election.Leader': { name: b('app') },
  'Election.Observe': { name: b('app') },
  'Election.Resign': { leader: LEADER },
  'Auth.UserGet': { name: 'x' },
  'Auth.RoleGet': { role: 'grants' },
};

const COLUMNS: Grant[] = [
  { scope: 'admin', ns: 'public' },
  { scope: 'operate', ns: 'public' },
  { scope: 'register', ns: 'public' },
  { scope: 'register', ns: 'public', keys: ['app/*'] },
  { scope: 'register', ns: 'public', services: ['g@@own'] },
  { scope: 'read', ns: 'public' },
  { scope: 'read', ns: 'public', keys: ['app/*'] },
  { scope: 'metrics', ns: 'public' },
  { scope: 'admin', ns: 'orders' },
];

/**
 * Results of each method, with a grant of each column: `+` it is carried out, `-` it is refused with etcd's text. A number is
 * the code of a refusal that everybody gets who may ask.
 */
const TABLE = `
KV.Txn                              +  +  +  +  +  +  +  -  -
KV.Range                            +  -  -  -  -  +  +  -  -
KV.Range all                        +  -  -  -  -  +  -  -  -
KV.Put                              +  +  +  +  -  -  -  -  -
KV.Put prev                         +  -  -  -  -  -  -  -  -
KV.DeleteRange                      +  +  +  +  -  -  -  -  -
KV.DeleteRange all                  +  +  +  -  -  -  -  -  -
KV.Txn put or read                  +  -  -  -  -  -  -  -  -
KV.Compact                          +  +  -  -  -  -  -  -  -
Watch.Watch                         +  -  -  -  -  +  +  -  -
Watch.Watch all                     +  -  -  -  -  +  -  -  -
Lease.LeaseGrant                    +  +  +  +  +  -  -  -  -
Lease.LeaseRevoke                   +  +  +  +  +  -  -  -  -
Lease.LeaseKeepAlive                +  +  -  -  -  -  -  -  -
Lease.LeaseTimeToLive               +  +  -  -  -  -  -  -  -
Lease.LeaseLeases                   +  +  +  +  +  -  -  -  -
Lock.Lock                           +  -  -  -  -  -  -  -  -
Lock.Unlock                         +  +  +  +  -  -  -  -  -
Election.Campaign                   +  -  -  -  -  -  -  -  -
Election.Proclaim                   +  -  -  -  -  -  -  -  -
Election.Leader                     +  -  -  -  -  +  +  -  -
Election.Observe                    +  -  -  -  -  +  +  -  -
Election.Resign                     +  -  -  -  -  -  -  -  -
Cluster.MemberList                  +  +  +  +  +  +  +  -  -
Cluster.MemberAdd                   9  9  9  9  9  9  9  -  -
Cluster.MemberRemove                9  9  9  9  9  9  9  -  -
Cluster.MemberUpdate                9  9  9  9  9  9  9  -  -
Cluster.MemberPromote               9  9  9  9  9  9  9  -  -
Maintenance.Status                  +  +  +  +  +  +  +  -  -
Maintenance.Alarm                   +  +  +  +  +  +  +  -  -
Maintenance.Defragment              +  +  +  +  +  +  +  -  -
Maintenance.Hash                    +  +  +  +  +  +  +  -  -
Maintenance.HashKV                  +  +  +  +  +  +  +  -  -
Maintenance.Snapshot                12 12 12 12 12 12 12 -  -
Maintenance.MoveLeader              9  9  9  9  9  9  9  -  -
Maintenance.Downgrade               9  9  9  9  9  9  9  -  -
Auth.AuthStatus                     +  +  +  +  +  +  +  -  -
Auth.UserList                       +  +  +  +  +  +  +  -  -
Auth.UserGet                        9  9  9  9  9  9  9  -  -
Auth.RoleList                       +  +  +  +  +  +  +  -  -
Auth.RoleGet                        +  +  +  +  +  +  +  -  -
Auth.AuthEnable                     12 12 12 12 12 12 12 -  -
Auth.AuthDisable                    12 12 12 12 12 12 12 -  -
Auth.UserAdd                        12 12 12 12 12 12 12 -  -
Auth.UserDelete                     12 12 12 12 12 12 12 -  -
Auth.UserChangePassword             12 12 12 12 12 12 12 -  -
Auth.UserGrantRole                  12 12 12 12 12 12 12 -  -
Auth.UserRevokeRole                 12 12 12 12 12 12 12 -  -
Auth.RoleAdd                        12 12 12 12 12 12 12 -  -
Auth.RoleDelete                     12 12 12 12 12 12 12 -  -
Auth.RoleGrantPermission            12 12 12 12 12 12 12 -  -
Auth.RoleRevokePermission           12 12 12 12 12 12 12 -  -
`;

async function cell(line: string, grant: Grant): Promise<string> {
  const stage = new EtcdStage();
  await stage.call('lease/grant', { TTL: 60, ID: 1 });
  await stage.call('kv/put', { key: KEY });
  await stage.call('kv/put', { key: b('app/1'), lease: 1 });
  const [operation = ''] = line.split(' ');
  const card = stage.app.app.dialectRoutes.find((each) => each.operation === operation);
  if (card === undefined) throw new Error(`there is no ${operation}`);
  const { token } = stage.app.directory.give([grant]);
  const leaseOf2 = operation === 'Lease.LeaseRevoke';
  if (leaseOf2) {
    stage.token = token;
    await stage.answer('lease/grant', { TTL: 60, ID: 2 });
  }
  stage.token = token;
  const response = await stage.send(card.path, BODIES[line] ?? {});
  const reader = response.body?.getReader();
  const text = new TextDecoder().decode((await reader?.read())?.value);
  await reader?.cancel();
  const { code, result } = JSON.parse(text) as { code?: number; result?: { cancel_reason?: string } }; // `as`: read below
  if (code === 7 && response.status === 403) return '-';
  if (result?.cancel_reason?.endsWith('etcdserver: permission denied')) return '-';
  return response.status === 200 && code === undefined ? '+' : String(code);
}

const LINES = TABLE.trim()
  .split('\n')
  .map((text) => {
    const [, line = '', cells = ''] = /^(.*?)((?: +(?:[+-]|\d+))+)$/.exec(text) ?? [];
    return { line: line.trim(), expected: cells.trim().split(/ +/) };
  });

describe('the table of authorization of etcd’s methods', () => {
  it('[I9] has every route that needs a token', () => {
    const { dialectRoutes } = new EtcdStage().app.app;
    const names = new Set(dialectRoutes.filter(({ scope }) => scope !== 'open').map(({ operation }) => operation));
    expect([...new Set(LINES.map(({ line }) => line.split(' ')[0]))].sort()).toEqual([...names].sort());
    const open = dialectRoutes.filter(({ scope }) => scope === 'open').map(({ path }) => path);
    expect(open).toEqual([
      '/v3/auth/authenticate',
      '/v3beta/auth/authenticate',
      '/v3alpha/auth/authenticate',
      '/version',
      '/health',
    ]);
  });

  it.each(LINES)('[A4, EK6] $line', async ({ line, expected }) => {
    const got: string[] = [];
    for (const grant of COLUMNS) got.push(await cell(line, grant));
    expect(got).toEqual(expected);
  });

  it('[A1] refuses every path without a token, and with a wrong one', async () => {
    const stage = new EtcdStage();
    for (const { path, scope } of stage.app.app.dialectRoutes) {
      if (scope === 'open') continue;
      for (const [authorization, message] of [
        [undefined, 'etcdserver: user name is empty'],
        ['wrong', 'etcdserver: invalid auth token'],
      ] as const) {
        const response = await stage.send(path, {}, { headers: authorization === undefined ? {} : { authorization } });
        // After many, the limit on failed logins answers.
        const isLimited = response.status === 429 && authorization !== undefined;
        if (!isLimited)
          expect([response.status, await response.json()]).toEqual([401, { error: message, message, code: 16 }]);
      }
    }
  });
});
