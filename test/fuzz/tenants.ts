import fc from 'fast-check';
import type { AuditTrail } from '../../src/model/audit';
import type { Grant } from '../../src/model/grant';
import type { Stats } from '../../src/model/stats';
import { isAnswer, type Outcome, type Target } from './exchange';
import type { Sender } from './principals';

/** Limits of a tenant's namespace: low, so that a flood reaches every limit. */
const LIMITS = { instances: 16, services: 12, bytes: 24_000 };
const SERVICE = 'DEFAULT_GROUP@@orders';

/** Tenants, each with one token that floods its namespace, and the percentage of it that this token may hold. */
const TENANTS = [
  { ns: 'tenant-whole', percent: 75, flooder: { scope: 'register' } },
  { ns: 'tenant-service', percent: 50, flooder: { scope: 'register', services: [SERVICE, 'DEFAULT_GROUP@@o*'] } },
  { ns: 'tenant-operated', percent: 50, flooder: { scope: 'operate', services: [SERVICE, 'DEFAULT_GROUP@@o*'] } },
] as const;

/** Actions of a flood; those listed more often happen more often. */
const FLOOD_ACTS = [
  ...(['register', 'register', 'register', 'batch', 'patch', 'override', 'service'] as const),
  ...(['register', 'register', 'register', 'batch', 'patch', 'override', 'service'] as const),
  ...(['register', 'register', 'batch', 'patch', 'override', 'service', 'deregister', 'token'] as const),
];

interface Tenant {
  ns: string;
  percent: number;
  flooder: Sender;
  admin: Sender;
  /** Sender that registers after the flood. */
  newcomer: Sender;
}

/**
 * Lets one token of each tenant do everything it can to use up its namespace, and then checks whether it has more than its
 * share, and whether the others still find room, create tokens, and see their actions.
 *
 * @returns The faults; mostly none.
 */
export async function tenantFaults(target: Target, seed: number, requests: number): Promise<string[]> {
  const faults: string[] = [];
  const tenants = await Promise.all(TENANTS.map((tenant) => begin(target, tenant)));
  const rounds = fc.tuple(...tenants.map(floodOf));
  for (const round of fc.sample(rounds, { seed, numRuns: Math.ceil(requests / tenants.length) })) {
    const outcomes = await Promise.all(round.map((send) => send(target)));
    for (const outcome of outcomes) if (!isAnswer(outcome) || outcome.status >= 500) faults.push(shown(outcome));
  }
  for (const tenant of tenants) faults.push(...(await lookInto(target, tenant)));
  return faults;
}

async function begin(target: Target, { ns, percent, flooder }: (typeof TENANTS)[number]): Promise<Tenant> {
  await target.must('POST', '/api/v1/ns', { id: ns, limits: LIMITS });
  const give = async (name: string, grant: Grant): Promise<Sender> => {
    const { id, token } = await target.must<{ id: string; token: string }>('POST', '/api/v1/tokens', {
      name,
      grants: [grant],
    });
    return { name: `${name} of ${ns}`, tokenId: id, secret: token, carrier: 'header' };
  };
  const services = 'services' in flooder ? [...flooder.services] : undefined;
  return {
    ns,
    percent,
    flooder: await give('flooder', { scope: flooder.scope, ns, ...(services && { services }) }),
    admin: await give('admin', { scope: 'admin', ns }),
    newcomer: await give('newcomer', { scope: 'register', ns, services: ['late@@*'] }),
  };
}

/** Generates requests that fill a namespace, or its audit trail. */
function floodOf({ ns, flooder }: Tenant): fc.Arbitrary<(target: Target) => Promise<Outcome>> {
  const operation = { op: 'register', group: 'DEFAULT_GROUP' };
  const parts = {
    service: fc.constantFrom('orders', 'o1', 'o2', 'o3', 'o4', 'o5', 'o6', 'o7', 'o8', 'o9', 'o10', 'o11'),
    id: fc.nat(20).map((number) => `i-${number}`),
    metadata: fc.constantFrom(0, 100, 1_000, 4_000).map((length) => ({ note: 'x'.repeat(length) })),
    count: fc.integer({ min: 1, max: 6 }),
    act: fc.constantFrom(...FLOOD_ACTS),
  };
  return fc.record(parts).map(({ service, id, metadata, count, act }) => (target) => {
    const place = { address: '10.0.0.7', port: 80, metadata };
    const path = `/api/v1/ns/${ns}/groups/DEFAULT_GROUP/services/${service}`;
    const operations = Array.from({ length: count }, (_, index) => ({
      ...operation,
      service,
      id: `b-${index}`,
      ...place,
    }));
    const acts = {
      register: () => ask(target, flooder, 'PUT', `${path}/instances/${id}`, place),
      batch: () => ask(target, flooder, 'POST', `/api/v1/ns/${ns}/batch`, { operations }),
      patch: () => ask(target, flooder, 'PATCH', `${path}/instances/${id}`, { metadata }),
      override: () => ask(target, flooder, 'PUT', `${path}/instances/${id}/override`, { metadata }),
      service: () => ask(target, flooder, 'PUT', path, { metadata }),
      deregister: () => ask(target, flooder, 'DELETE', `${path}/instances/${id}`),
      token: () => ask(target, flooder, 'POST', '/api/v1/tokens', { name: 'more', grants: [{ scope: 'read', ns }] }),
    };
    return acts[act]();
  });
}

async function lookInto(target: Target, { ns, percent, flooder, admin, newcomer }: Tenant): Promise<string[]> {
  const faults: string[] = [];
  const { largestHolders } = await target.must<Stats>('GET', `/api/v1/ns/${ns}/stats`);
  const held = largestHolders.find(({ token }) => token === flooder.tokenId);
  if (held === undefined) return [`${flooder.name} holds nothing: it proves nothing`];
  const { instances, services, recordBytes } = held;
  for (const [what, has, most] of [
    ['instances', instances, LIMITS.instances],
    ['services', services, LIMITS.services],
    ['bytes', recordBytes, LIMITS.bytes],
  ] as const) {
    if (has > (most * percent) / 100)
      faults.push(`${flooder.name} holds ${has} of ${most} ${what}, its share is ${percent} %`);
  }
  const late = `/api/v1/ns/${ns}/groups/late/services/s/instances/i`;
  const wanted = [
    await ask(target, newcomer, 'PUT', late, { address: '10.0.0.8', port: 80 }),
    await ask(target, admin, 'POST', '/api/v1/tokens', { name: 'late', grants: [{ scope: 'read', ns }] }),
  ];
  for (const outcome of wanted) {
    if (!isAnswer(outcome) || outcome.status !== 201)
      faults.push(`after the flood of ${ns}, not done: ${shown(outcome)}`);
  }
  const trail = await ask(target, admin, 'GET', `/api/v1/audit?ns=${ns}&limit=1000`);
  if (!isAnswer(trail) || trail.status !== 200) return [...faults, `the audit trail of ${ns}: ${shown(trail)}`];
  const { entries } = JSON.parse(trail.body) as AuditTrail; // `as`: the route's own tests check it
  if (!entries.some(({ action }) => action === 'namespace-created'))
    faults.push(`${ns} has no audit entry of its creation`);
  if (!entries.some(({ actor }) => actor === admin.tokenId)) faults.push(`${ns} has no audit entry of its admin`);
  if (entries.some(({ outcome }) => outcome === 'refused')) faults.push(`${ns} has an audit entry of a refused action`);
  return faults;
}

function ask(target: Target, sender: Sender, method: string, path: string, body?: object): Promise<Outcome> {
  return target.send(
    {
      operation: 'tenant',
      method,
      target: path,
      headers: body === undefined ? [] : [['Content-Type', 'application/json']],
      body: body && Buffer.from(JSON.stringify(body)),
      mayWait: false,
    },
    sender,
  );
}

const shown = (outcome: Outcome): string =>
  isAnswer(outcome) ? `${outcome.status} ${outcome.body.slice(0, 300)}` : JSON.stringify(outcome);
