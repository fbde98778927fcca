import type { NacosInstance } from '../../src/codecs/nacos/instance';
import { eureka } from '../../src/dialects/eureka/eureka';
import { DELTA_WINDOW_MS } from '../../src/dialects/eureka/fleet';
import { goMicro } from '../../src/dialects/go-micro/go-micro';
import { nacos } from '../../src/dialects/nacos/nacos';
import type { Attachment } from '../../src/gateway/nacos/attachment';
import { EVENT_STREAM_MAX_MS, SESSION_PING_INTERVAL_MS } from '../../src/model/limits';
import type { ServiceKey } from '../../src/model/namespace-api';
import { SPRING_INSTANCE } from '../fixtures/spring-instance';
import { type HourlyUsage, usageBetween } from './bill';
import { GatewayFleet } from './gateway-fleet';
import { MeteredFleet } from './metered-fleet';

/** Instances of each fleet. */
export const INSTANCES = 1_000;

/** Number of services that they belong to; each calls the next three. */
const SERVICES = 50;
const SUBSCRIPTIONS = 3;

const HOUR_MS = 60 * 60 * 1_000;

/** A fleet of one kind of client, as the pages name it. */
export interface CountedFleet {
  title: string;
  count: () => Promise<HourlyUsage>;
}

const addressOf = (client: number): string => `10.0.${client >> 8}.${client & 255}`;
const serviceOf = (client: number): string => `service-${client % SERVICES}`;

async function eachClient(act: (client: number) => Promise<unknown>): Promise<void> {
  for (let client = 0; client < INSTANCES; client++) await act(client);
}

/** Counts instances that each renew by a request, three times in the time to live of their leases. */
export async function nativeBeats(ttlMs: number): Promise<HourlyUsage> {
  const fleet = new MeteredFleet([]);
  const pathOf = (client: number) =>
    `/api/v1/ns/public/groups/DEFAULT_GROUP/services/${serviceOf(client)}/instances/instance-${client}`;
  const headers = { 'content-type': 'application/json' };
  await eachClient((client) =>
    fleet.send(client, 'PUT', pathOf(client), {
      headers,
      body: JSON.stringify({ address: addressOf(client), port: 80, lease: { ttlMs } }),
    }),
  );
  const act = (client: number) => fleet.send(client, 'POST', `${pathOf(client)}/heartbeat`);
  return fleet.hour([{ everyMs: ttlMs / 3, clients: INSTANCES, act }], 5);
}

/** Counts clients of Nacos, each with its instance and three subscribed services. */
export async function nacosClients(pollMs: number, beatMs: number): Promise<HourlyUsage> {
  const fleet = new MeteredFleet([nacos], { nacosPollMs: pollMs, nacosBeatMs: beatMs });
  const headers = { 'user-agent': 'Nacos-Java-Client:v1.4.8' };
  const path = '/nacos/v1/ns/instance';
  const placeOf = (client: number) => `serviceName=${serviceOf(client)}&ip=${addressOf(client)}&port=80`;
  await eachClient((client) => fleet.send(client, 'POST', `${path}?${placeOf(client)}`, { headers }));
  const beat = (client: number) => fleet.send(client, 'PUT', `${path}/beat?${placeOf(client)}`, { headers });
  const poll = (subscription: number) => {
    const client = subscription % INSTANCES;
    const service = serviceOf(client + 1 + Math.floor(subscription / INSTANCES));
    const caller = `clientIP=${addressOf(client)}&udpPort=5000`;
    return fleet.send(client, 'GET', `${path}/list?serviceName=${service}&${caller}`, { headers });
  };
  const habits = [
    { everyMs: beatMs, clients: INSTANCES, act: beat },
    { everyMs: pollMs, clients: INSTANCES * SUBSCRIPTIONS, act: poll },
  ];
  return fleet.hour(habits, 1);
}

/** Returns the instance of a client as Nacos' clients name it. */
const nacosInstance = (client: number, weight = 1): NacosInstance => ({
  ip: addressOf(client),
  port: 80,
  cluster: 'DEFAULT',
  weight,
  healthy: true,
  enabled: true,
  ephemeral: true,
  metadata: {},
});

const serviceKey = (client: number): ServiceKey => ({ group: 'DEFAULT_GROUP', service: serviceOf(client) });

/** Connects clients of Nacos 2 and 3, each with its instance and three subscribed services, to one gateway. */
async function connectedGateway(): Promise<GatewayFleet> {
  const fleet = new GatewayFleet();
  const connections: Attachment[] = [];
  await eachClient(async (client) => {
    const connection = fleet.connect(`nacos ${addressOf(client)}`);
    connections.push(connection);
    const published = connection.publications.publish(serviceKey(client), [nacosInstance(client)]);
    // Their pings are evenly spread.
    await fleet.pass(SESSION_PING_INTERVAL_MS / INSTANCES);
    await published;
  });
  // Nothing changes after that.
  await eachClient(async (client) => {
    for (let next = 1; next <= SUBSCRIPTIONS; next++) {
      const subscribed = connections[client]?.subscribe(serviceKey(client + next), '');
      await fleet.idle();
      await subscribed;
    }
  });
  return fleet;
}

/** Counts these clients: the gateway holds a session for each of them, over a socket of its own. */
export async function nacosConnections(): Promise<HourlyUsage> {
  const fleet = await connectedGateway();
  const before = await fleet.cost();
  await fleet.pass(HOUR_MS);
  return usageBetween(before, await fleet.cost());
}

/** Counts the messages of the gateway for what a client of Nacos does. */
export async function nacosMessages(): Promise<Map<string, number>> {
  const fleet = new GatewayFleet();
  const [provider, consumer] = [fleet.connect('provider'), fleet.connect('consumer')];
  const rows = new Map<string, number>();
  const count = async (title: string, act: () => unknown): Promise<void> => {
    const before = fleet.messages;
    const acted = act();
    await fleet.pass(1_000);
    await acted;
    rows.set(title, fleet.messages - before);
  };
  const orders = serviceKey(0);
  await count('register its first instance', () => provider.publications.publish(orders, [nacosInstance(0)]));
  await count('subscribe to a service', () => consumer.subscribe(orders, ''));
  const changed = nacosInstance(0, 2);
  await count('change an instance, to which one client is subscribed', () =>
    provider.publications.publish(orders, [changed]),
  );
  await count('register an instance of a service without subscribers', () =>
    provider.publications.publish(serviceKey(1), [nacosInstance(0)]),
  );
  await count('deregister it', () => provider.publications.unpublish(serviceKey(1)));
  await count('unsubscribe', () => consumer.unsubscribe(orders));
  await count('leave', () => provider.close(true));
  if (fleet.pushes !== 1) throw new Error(`${fleet.pushes} lists were pushed`);
  return rows;
}

/** Counts clients of Eureka with default settings: each renews and fetches changes, both every 30 s. */
export async function eurekaClients(): Promise<HourlyUsage> {
  const fleet = new MeteredFleet([eureka]);
  const headers = { 'content-type': 'application/json', accept: 'application/json' };
  const nameOf = (client: number) => serviceOf(client).toUpperCase();
  await eachClient((client) => {
    const instance = { ...SPRING_INSTANCE, app: nameOf(client), instanceId: `h${client}`, ipAddr: addressOf(client) };
    return fleet.send(client, 'POST', `/eureka/apps/${nameOf(client)}`, {
      headers,
      body: JSON.stringify({ instance }),
    });
  });
  const renew = (client: number) => fleet.send(client, 'PUT', `/eureka/apps/${nameOf(client)}/h${client}`, { headers });
  const fetchDelta = (client: number) => fleet.send(client, 'GET', '/eureka/apps/delta', { headers });
  const everyMs = 30_000;
  const renewals = { everyMs, clients: INSTANCES, act: renew };
  // Until then the changes include every registration: to write them takes most of the run, and changes no figure.
  await fleet.live([renewals], DELTA_WINDOW_MS / 60_000);
  const habits = [renewals, { everyMs, clients: INSTANCES, act: fetchDelta }];
  return fleet.hour(habits, 5);
}

/**
 * Counts go-micro's services with default settings: each registers again every 30 s, reads each service that it calls once
 * a minute, for its cache, and watches it meanwhile. A watch is a request and a socket, until the door ends it.
 */
export async function goMicroServices(): Promise<HourlyUsage> {
  const fleet = new MeteredFleet([goMicro]);
  const headers = { 'content-type': 'application/json' };
  const register = (client: number) => {
    const node = { id: `node-${client}`, address: `${addressOf(client)}:80`, metadata: {} };
    const body = JSON.stringify({
      name: serviceOf(client),
      version: 'latest',
      metadata: {},
      endpoints: [],
      nodes: [node],
    });
    return fleet.send(client, 'POST', '/registry', { headers, body });
  };
  await eachClient(register);
  const read = (subscription: number) => {
    const service = serviceOf(subscription + 1 + Math.floor(subscription / INSTANCES));
    return fleet.send(subscription % INSTANCES, 'GET', `/registry?service=${service}`, { headers });
  };
  const habits = [
    { everyMs: 30_000, clients: INSTANCES, act: register },
    { everyMs: 60_000, clients: INSTANCES * SUBSCRIPTIONS, act: read },
  ];
  const hour = await fleet.hour(habits, 5);
  const watches = (INSTANCES * SUBSCRIPTIONS * HOUR_MS) / EVENT_STREAM_MAX_MS;
  return { ...hour, workerRequests: hour.workerRequests + watches, requests: hour.requests + watches };
}
