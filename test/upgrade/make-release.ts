/**
 * Saves the storage of this version as text, so that later versions can prove that they read it. Run it once for each
 * release that changes a schema:
 *
 *     node scripts/run-typescript.js test/upgrade/make-release.ts
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HistoryPage } from '../../src/client/wire/history-answers';
import { packageVersion } from '../../src/launcher/package';
import { RegistrySocket } from '../watch-proofs/registry-socket';
import { startWorkerdRegistry } from '../workerd/start-workerd-registry';
import { keepRelease, type ReleaseAnswers } from './release';

const folder = mkdtempSync(join(tmpdir(), 'rollcall release-'));
const registry = await startWorkerdRegistry({ data: join(folder, 'data') });

/** Makes a call with a token; fails if the call does. */
async function call<Body>(token: string, method: string, path: string, body?: unknown) {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  const init = { method, headers, body: body === undefined ? null : JSON.stringify(body) };
  const answer = await fetch(`${registry.url}/api/v1${path}`, init);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  const cursor = answer.headers.get('rollcall-cursor') ?? '';
  return { cursor, body: (text === '' ? undefined : JSON.parse(text)) as Body }; // `as`: the caller knows
}

const root = registry.rootToken;
const ns = '/ns/public';
const orders = `${ns}/groups/DEFAULT_GROUP/services/orders`;
const users = `${ns}/groups/people/services/users`;
const list = (service: string) => call<{ instances: unknown[] }>(root, 'GET', `${service}/instances`);

await call(root, 'POST', '/ns', { id: 'team-a', title: 'Team A', limits: { instances: 100 } });
const grants = ['public', 'team-a'].flatMap((id) => ['register', 'read'].map((scope) => ({ scope, ns: id })));
const { token: owner } = (await call<{ token: string }>(root, 'POST', '/tokens', { name: 'owner', grants })).body;
const { id: ended } = (await call<{ id: string }>(root, 'POST', '/tokens', { name: 'ended', grants })).body;
await call(root, 'DELETE', `/tokens/${ended}`);

await call(owner, 'PUT', `${orders}/instances/beats`, {
  address: '10.0.0.7',
  port: 8080,
  ports: { admin: { port: 9090, secure: true } },
  metadata: { team: 'Käse', 'a key': 'ein "Wert" 🧀' },
  tags: ['blue', 'canary'],
  version: '1.2.3',
  location: { region: 'eu', zone: 'eu-1' },
  extensions: { nacos: { any: [1, null, 'thing'] } },
});
await call(owner, 'PUT', `${orders}/instances/leaves`, { address: '10.0.0.8', port: 8080 });
await call(root, 'PUT', orders, { protectThreshold: 0.5, metadata: { owner: 'payments' } });
await call(root, 'PUT', `${orders}/instances/leaves/override`, { weight: 3 });
const middle = await list(orders);
await call(owner, 'DELETE', `${orders}/instances/leaves`);
await call(owner, 'PATCH', `${orders}/instances/beats`, { weight: 2, metadata: { team: null } });
await call(owner, 'POST', `${ns}/batch`, {
  operations: ['a', 'b'].map((id, index) => ({
    ...{ op: 'register', group: 'people', service: 'users', id, url: `https://users.example/${id}` },
    ...(index === 0 ? { ephemeral: false } : { lease: { ttlMs: 600_000, removeAfterMs: null } }),
  })),
});
await call(root, 'PUT', `${users}/instances/a/override`, { quarantine: { reason: 'bad disk' } });
await call(owner, 'PUT', '/ns/team-a/groups/DEFAULT_GROUP/services/s/instances/one', { address: '10.1.0.1', port: 1 });
const socket = await RegistrySocket.open({ url: registry.url, rootToken: owner });
const { session } = await socket.session({ ttlMs: 45_000 });
await socket.ask({
  type: 'batch',
  operations: [{ op: 'register', service: 'orders', id: 'in-session', address: '10.0.0.9', port: 8080 }],
});
await call(owner, 'PUT', `${orders}/instances/falls-silent`, {
  address: '10.0.0.10',
  port: 1,
  lease: { ttlMs: 12_000 },
});
await call(owner, 'POST', `${orders}/instances/beats/heartbeat`);
const newest = await list(orders);
const { entries } = (await call<HistoryPage>(root, 'GET', `${ns}/history?limit=1000`)).body;
const answers: ReleaseAnswers = {
  stoppedAt: Date.now(),
  owner,
  session,
  cursor: newest.cursor,
  lists: { [orders]: newest.body.instances, [users]: (await list(users)).body.instances },
  earlier: { cursor: middle.cursor, list: middle.body.instances },
  history: entries.map(({ revision, cursor, cause, actor, at }) => ({ revision, cursor, cause, actor, at })),
};
// Stops as if the machine lost power: acknowledged changes are on the disk, in the write-ahead logs.
await registry.stop();
keepRelease(packageVersion(), registry.data, ['public', 'team-a'], answers);
rmSync(folder, { recursive: true });
