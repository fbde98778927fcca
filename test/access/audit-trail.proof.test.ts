import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { AuditEntry, AuditTrail } from '../../src/model/audit';
import type { HistoryEntry, HistoryPage } from '../../src/model/history';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { SeededRandom } from '../simulation/seeded-random';
import { until } from '../watch-proofs/until';

const ACTIONS = 300;
const KILL_EVERY_ACTIONS = 100;
const SERVICE = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders';
const seed = Date.now() % 2 ** 31;

interface Issued {
  id: string;
  token: string;
}

/** Returns the namespaces and tokens that must exist according to the audit trail alone. */
function accounted(oldestFirst: readonly AuditEntry[]): string[] {
  const there = new Set<string>(['namespace public']);
  for (const { action, ns, target, outcome } of oldestFirst) {
    // A namespace can't be found once its deletion has begun, or until its creation is done.
    if (outcome !== 'done' && action !== 'namespace-deleted') continue;
    const name = action.startsWith('token-') ? `token ${target}` : `namespace ${ns}`;
    if (action === 'namespace-created' || action === 'token-created') there.add(name);
    if (action === 'namespace-deleted' || action === 'token-revoked') there.delete(name);
  }
  return [...there].sort();
}

/** Reports whether the registry itself ended a drain's grace, on behalf of the caller that asked for the drain. */
const isEndOfDrain = ({ changes }: HistoryEntry): boolean =>
  changes.some(({ cause, after }) => cause === 'drained' && after === null);

/** Returns the revisions, oldest first, for which going through both lists in order finds no entry. */
function unaccounted(revisions: readonly HistoryEntry[], entries: readonly AuditEntry[]): HistoryEntry[] {
  let next = 0;
  return revisions.filter(({ changes, at }) => {
    const targets = changes.map((each) =>
      each.kind === 'entry'
        ? `entry ${each.key}`
        : `${each.group}@@${each.service}${each.kind === 'service' ? '' : `/${each.id}`}`,
    );
    while (next < entries.length) {
      const entry = entries[next++];
      const isAbout = targets.some((target) => target.startsWith(entry?.target ?? ''));
      if (entry !== undefined && isAbout && entry.at <= at) return false;
    }
    return true;
  });
}

it(`[A27, A46] audit trail, lists and journal agree after a random run of admins with kills (seed ${seed})`, async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const random = new SeededRandom(seed);
  const send = (token: string, method: string, path: string, body?: object): Promise<Response> =>
    fetch(registry.url + path, {
      method,
      headers: { Authorization: `Bearer ${token}`, ...(body && { 'Content-Type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  const root = registry.rootToken;
  // `as`, from here on: the responses of these calls.
  const get = async <Body>(path: string): Promise<Body> => (await (await send(root, 'GET', path)).json()) as Body;
  const issue = async (scope: string): Promise<Issued> => {
    const body = { name: scope, grants: [{ scope, ns: 'public' }] };
    return (await (await send(root, 'POST', '/api/v1/tokens', body)).json()) as Issued;
  };
  const [owner, operator] = [await issue('register'), await issue('operate')];
  const disposable: string[] = [];

  const act = async (): Promise<number> => {
    const one = `${SERVICE}/instances/${random.pick(['a', 'b', 'c'])}`;
    const ns = random.pick(['x', 'y']);
    // Some of these calls are made by a token that lacks the rights for them.
    const admin = random.chance(0.8) ? root : owner.token;
    const someone = random.chance(0.8) ? operator.token : owner.token;
    const tokenId = random.pick(['unknown', ...disposable]);
    const operations = [
      { op: 'override', service: 'orders', id: 'a', weight: random.whole(1, 9) },
      { op: 'deregister', service: 'orders', id: random.pick(['b', 'c']) },
    ];
    const done = async (...asked: Parameters<typeof send>): Promise<number> => (await send(...asked)).status;
    return random.pick<() => Promise<number>>([
      () => done(owner.token, 'PUT', one, { address: '10.0.0.7', port: random.whole(1, 9), lease: { ttlMs: 600_000 } }),
      () => done(owner.token, 'PUT', one, { address: '10.0.0.7', port: random.whole(1, 9), lease: { ttlMs: 600_000 } }),
      () => done(someone, 'PUT', `${one}/override`, { weight: random.whole(1, 9) }),
      () => done(someone, 'PUT', `${one}/override`, { quarantine: { reason: 'broken' } }),
      () => done(someone, 'DELETE', `${one}/override`),
      () => done(someone, 'POST', `${one}/drain?wait=0s&grace=0s`),
      () => done(someone, 'PATCH', one, { weight: random.whole(1, 9) }),
      () => done(someone, 'DELETE', one),
      () => done(someone, 'PUT', SERVICE, { metadata: { version: String(random.whole(1, 9)) } }),
      () => done(someone, 'PATCH', SERVICE, { protectThreshold: random.fraction() }),
      () => done(someone, 'POST', '/api/v1/ns/public/batch', { operations }),
      () => done(admin, 'POST', '/api/v1/ns', { id: ns }),
      () => done(admin, 'PATCH', `/api/v1/ns/${ns}`, { title: String(random.whole(1, 9)) }),
      () => done(admin, 'DELETE', `/api/v1/ns/${ns}?force`),
      () => done(admin, 'DELETE', `/api/v1/tokens/${tokenId}`),
      () => done(admin, 'POST', `/api/v1/tokens/${tokenId}/rotate`, { overlapMs: 0 }),
      async () => {
        const made = await issue('read');
        disposable.push(made.id);
        return 201;
      },
    ])();
  };

  const statuses: Record<number, number> = {};
  for (let count = 1; count <= ACTIONS; count += 1) {
    const acting = act().catch(() => 0); // cut off by a kill: the trail has to show the outcome
    if (count % KILL_EVERY_ACTIONS === 0) {
      await sleep(random.whole(0, 5));
      await registry.kill('SIGKILL');
    }
    const status = await acting;
    statuses[status] = (statuses[status] ?? 0) + 1;
  }
  console.log(JSON.stringify(statuses));

  const wholeTrail = async (): Promise<AuditEntry[]> => {
    const entries: AuditEntry[] = [];
    for (let after: string | undefined; ; ) {
      const page = await get<AuditTrail>(`/api/v1/audit?limit=100${after === undefined ? '' : `&after=${after}`}`);
      entries.unshift(...page.entries.reverse());
      after = page.next;
      if (after === undefined) return entries;
    }
  };
  let trail: AuditEntry[] = [];
  // Outcomes are recorded without any request waiting for them. Only what a kill cut off stays begun.
  await until('every outcome is recorded', async () => {
    trail = await wholeTrail();
    return trail.filter(({ outcome }) => outcome === 'begun').length <= ACTIONS / KILL_EVERY_ACTIONS;
  });
  // Numbers of actions that changed nothing are missing, and no number appears twice.
  const ids = trail.map(({ id }) => id);
  expect(ids).toEqual([...new Set(ids)].sort((left, right) => left - right));
  expect(trail.filter(({ outcome }) => outcome === 'refused')).toEqual([]);

  const { namespaces } = await get<{ namespaces: { id: string }[] }>('/api/v1/ns');
  const { tokens } = await get<{ tokens: { id: string }[] }>('/api/v1/tokens?limit=1000');
  const shown = [...namespaces.map(({ id }) => `namespace ${id}`), ...tokens.map(({ id }) => `token ${id}`)].sort();
  expect(accounted(trail)).toEqual(shown);

  const { entries: newestFirst } = await get<HistoryPage>('/api/v1/ns/public/history?limit=1000');
  const revisions = newestFirst.reverse().filter((entry) => entry.actor === operator.id && !isEndOfDrain(entry));
  const actions = trail.filter(({ actor }) => actor === operator.id);
  expect(revisions.length).toBeGreaterThan(ACTIONS / 20);
  expect(unaccounted(revisions, actions)).toEqual([]);
  expect(statuses[403] ?? 0).toBeGreaterThan(ACTIONS / 30);
});
