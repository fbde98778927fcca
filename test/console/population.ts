import { setTimeout as sleep } from 'node:timers/promises';
import { type Admin, type BatchOperation, rollcallAdmin } from '../../src/client/admin';
import { rollcall } from '../../src/client/client';
import { kv } from '../../src/client/kv';
import type { Grant } from '../../src/client/wire/access-answers';

/** Instances of each service. */
const SIZES: Readonly<Record<string, number>> = {
  payments: 4,
  checkout: 12,
  'search-index': 6,
  orders: 24,
  catalog: 40,
  cart: 16,
  gateway: 8,
  identity: 6,
  inventory: 18,
  mailer: 3,
  'notifications-websocket-fanout': 120,
  pricing: 9,
  recommendations: 32,
  sessions: 10,
  shipping: 7,
};

const HOUR_MS = 3_600_000;

/** Entries in the folder of jobs. */
const JOBS_COUNT = 30;

/** Heartbeats of the instance before it is killed, and their pause. */
const BEATS = 4;
const BEAT_PAUSE_MS = 400;

/** Names of a service in a namespace. */
interface ServiceAddress {
  ns: string;
  group: string;
  service: string;
}

/** A namespace with what an operator looks at. */
export interface Population {
  ns: string;
  /** A service with a quarantined and a draining instance. */
  troubled: ServiceAddress;
  /** Id of an instance of it whose process was killed, so that its lease has ended. */
  killed: string;
  /** Time between the registrations and the acts of operators. RFC 3339. */
  began: string;
}

/** Grants of the tokens that act, by the name of the token. */
const TOKENS: Readonly<Record<string, (ns: string) => Grant[]>> = {
  'orders-deploy': (ns) => [{ scope: 'register', ns, services: ['DEFAULT_GROUP@@orders', 'DEFAULT_GROUP@@pay*'] }],
  'ops-night': (ns) => [
    { scope: 'operate', ns },
    { scope: 'read', ns },
  ],
  'grafana-scrape': () => [{ scope: 'metrics', ns: '*' }],
  'payments-team': (ns) => [{ scope: 'read', ns, services: ['DEFAULT_GROUP@@payments'] }],
};

/**
 * Fills a namespace with services in trouble and in health, and acts on them by several tokens. Returns once the lease of a
 * killed instance has ended.
 *
 * @param registry Its root token creates the namespace.
 */
export async function populate(registry: { url: string; rootToken: string }, ns: string): Promise<Population> {
  const { url } = registry;
  const root = rollcallAdmin({ url, token: registry.rootToken, namespace: ns });
  await root.createNamespace({ body: { id: ns, title: 'Shop, production' } });
  const by: Record<string, Admin> = {};
  for (const [name, grantsOf] of Object.entries(TOKENS)) {
    const { token } = await root.createToken({ body: { name, grants: grantsOf(ns) } });
    by[name] = rollcallAdmin({ url, token, namespace: ns });
  }
  const { 'orders-deploy': deploy = root, 'ops-night': ops = root } = by;

  for (const [service, size] of Object.entries(SIZES)) {
    const operations = [...Array(size)].map((_, index) => registration(service, index));
    await (service === 'orders' ? deploy : root).applyBatch({ body: { operations } });
  }
  await putEntries({ url, token: registry.rootToken, ns });
  await root.putService({ group: 'batch', service: 'reports', body: {} });
  const killed = { service: 'orders', id: 'orders-7c9' };
  const registered = {
    address: '10.0.7.9',
    port: 8080,
    version: '4.1.0',
    // Long enough that no heartbeat of a busy machine is late.
    lease: { ttlMs: 4_000, removeAfterMs: 6_000, intervalMs: 400 },
  };
  await deploy.registerInstance({ ...killed, body: registered });
  for (let beat = 0; beat < BEATS; beat++) {
    await sleep(BEAT_PAUSE_MS);
    await deploy.renewLease(killed);
  }
  const began = new Date().toISOString();
  await deploy.patchInstance({ service: 'orders', id: 'orders-3', body: { weight: 2 } });
  await ops.putOverride({
    service: 'search-index',
    id: 'search-index-2',
    body: { quarantine: { reason: 'bad disk' } },
  });
  await ops.putOverride({ service: 'orders', id: 'orders-4', body: { quarantine: { reason: 'bad disk' } } });
  // Answered once the instance is removed, which is after the population's use.
  ops
    .drainInstance({ service: 'orders', id: 'orders-5', wait: '0s', grace: '10m', timeoutMs: HOUR_MS })
    .catch(() => {});
  while ((await root.explainInstance(killed).catch(() => undefined))?.present !== false) await sleep(100);
  return { ns, troubled: { ns, group: 'DEFAULT_GROUP', service: 'orders' }, killed: killed.id, began };
}

/** Puts configuration of several types, jobs, and two locks that a lease holds. */
async function putEntries({ url, token, ns }: { url: string; token: string; ns: string }): Promise<void> {
  const client = rollcall({ url, token, namespace: ns });
  const entries = kv(client);
  const json = { contentType: 'application/json' };
  await entries.put('config/features.json', '{ "dark": false }', json);
  await entries.put('config/features.json', '{ "dark": true, "banner": "<b>Sale</b>" }', json);
  await entries.put('config/db/url', 'postgres://db.internal/orders', { contentType: 'text/plain' });
  await entries.put(
    'config/logo.png',
    new Uint8Array(1_200).map((_, index) => index * 7),
    { contentType: 'image/png' },
  );
  for (let index = 1; index <= JOBS_COUNT; index++) await entries.put(`jobs/${index}`, `order ${index}`);
  const { id: lease } = await rollcallAdmin({ url, token, namespace: ns }).grantLease({ body: { ttlMs: HOUR_MS } });
  for (const owner of [1, 2]) await entries.put(`locks/orders/${owner}`, `worker-${owner}`, { lease });
  await client.close();
}

/** Returns the registration of an instance: of payments all but one are dead, of checkout two. */
function registration(service: string, index: number): BatchOperation {
  const isDead = service === 'payments' ? index > 0 : service === 'checkout' && index < 2;
  const lease = isDead ? { ttlMs: 1_000, removeAfterMs: HOUR_MS } : { ttlMs: HOUR_MS };
  return {
    op: 'register',
    service,
    ...(service === 'mailer' && { group: 'batch' }),
    id: `${service}-${index}`,
    address: `10.0.${index % 250}.17`,
    port: 8080,
    version: `4.1.${index % 2}`,
    location: { zone: `eu-${'abc'[index % 3]}` },
    metadata: { team: service === 'payments' ? 'billing' : 'core', image: `registry.example/${service}:4.1` },
    ...(service === 'checkout' && index === 4 && { status: 'starting' as const }),
    ...(service === 'gateway' && index === 3 && { status: 'out-of-service' as const }),
    lease,
  };
}

/** Paths of the console's pages, by their names. */
export const PAGES: Readonly<Record<string, (population: Population) => string>> = {
  namespaces: () => '/',
  services: ({ ns }) => `/${ns}/services`,
  service: ({ troubled }) => serviceAt(troubled),
  subscribers: ({ troubled }) => `${serviceAt(troubled)}?tab=subscribers`,
  definition: ({ troubled }) => `${serviceAt(troubled)}?tab=settings`,
  past: ({ troubled, began }) => `${serviceAt(troubled)}?at=${began}`,
  instance: ({ troubled }) => `${serviceAt(troubled)}/instances/orders-4`,
  why: ({ troubled, killed }) => `${serviceAt(troubled)}/instances/${killed}`,
  diff: ({ troubled, began }) => `${serviceAt(troubled)}/diff?from=${began}`,
  entries: ({ ns }) => `/${ns}/entries?prefix=config/`,
  entry: ({ ns }) => `/${ns}/entries?key=config/features.json`,
  held: ({ ns }) => `/${ns}/entries?key=locks/orders/1`,
  history: ({ ns }) => `/${ns}/history`,
  tokens: () => '/access/tokens',
  audit: () => '/access/audit',
  settings: ({ ns }) => `/${ns}/settings`,
};

const serviceAt = ({ ns, group, service }: ServiceAddress): string => `/${ns}/services/${group}/${service}`;
