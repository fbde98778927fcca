import { setTimeout as sleep } from 'node:timers/promises';
import type { HistoryPage } from '../../src/model/history';
import { call, servicePath } from '../watch-proofs/registry-calls';
import type { Place } from '../watch-proofs/registry-socket';
import type { FleetMember } from './fleet-member';

/** Largest difference between the clocks of the registry and a client, or step of either, in milliseconds. */
const CLOCK_SLACK_MS = 50;

/** Generations of the healthy instances of a service, by id. */
type Listed = Map<string, number>;

async function listed(registry: Place, service: string): Promise<Listed> {
  const path = `${servicePath(service)}/instances`;
  const { instances } = await call<{
    instances: { id: string; healthy: boolean; metadata: Record<string, string> }[];
  }>(registry, 'GET', path);
  const healthy = instances.filter((instance) => instance.healthy);
  return new Map(healthy.map(({ id, metadata }) => [id, Number(metadata.generation)]));
}

const textOf = (list: Listed): string =>
  [...list]
    .map(([id, generation]) => `${id}=${generation}`)
    .sort()
    .join(' ');

/** Returns the differences between the registry and its clients; empty when they agree. */
async function differences(registry: Place, members: readonly FleetMember[]): Promise<string[]> {
  const found = members.filter(({ isHeld }) => !isHeld).map(({ id }) => `${id} holds no lease`);
  for (const service of new Set(members.map((member) => member.service))) {
    const own = members.filter((member) => member.service === service);
    const expected = textOf(new Map(own.map(({ id, generation }) => [id, generation])));
    const has = textOf(await listed(registry, service));
    if (has !== expected) found.push(`the registry has for ${service}: ${has}; its clients hold: ${expected}`);
    for (const { id, list } of own) {
      if (list !== undefined && textOf(list) !== expected) {
        found.push(`the watch of ${id} has for ${service}: ${textOf(list)}; its clients hold: ${expected}`);
      }
    }
  }
  return found;
}

/** Waits until registry, clients and watches agree. Returns the differences that remain at the timeout. */
export async function settle(registry: Place, members: readonly FleetMember[], mostMs: number): Promise<string[]> {
  const end = performance.now() + mostMs;
  const done = Promise.all(members.map((member) => member.settled())).then(() => true);
  const all = await Promise.race([done, sleep(mostMs, false, { ref: false })]);
  if (!all) {
    const late = members.filter(({ waiting }) => waiting > 0);
    return late.map(({ id, waiting, isHeld }) => `${id} waits for ${waiting} answers, its lease held: ${isHeld}`);
  }
  for (;;) {
    const found = await differences(registry, members);
    if (found.length === 0 || performance.now() > end) return found;
    await sleep(100);
  }
}

/** A lease that expired. */
interface Expiry {
  id: string;
  /** Milliseconds since the epoch, by the registry's clock. */
  at: number;
}

async function expiries(registry: Place, cause: 'expired' | 'unhealthy'): Promise<Expiry[]> {
  const found: Expiry[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const query = `cause=${cause}&limit=1000${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`;
    const page: HistoryPage = await call(registry, 'GET', `/history?${query}`);
    for (const { at, changes } of page.entries) {
      for (const change of changes) {
        if (change.kind === 'instance') found.push({ id: change.id, at: Date.parse(at) });
      }
    }
    after = page.next;
  }
  return found;
}

/** Compares each expiry with the client's view: no lease may have ended while its client could rely on it. */
export async function judge(
  registry: Place,
  fleet: { members: readonly FleetMember[]; dead: readonly FleetMember[] },
  stoodStillMs: number,
): Promise<{ violations: string[]; expired: number }> {
  const members = new Map([...fleet.members, ...fleet.dead].map((member) => [member.id, member]));
  const ended = [...(await expiries(registry, 'expired')), ...(await expiries(registry, 'unhealthy'))];
  const violations: string[] = [];
  for (const { id, at } of ended) {
    const member = members.get(id);
    if (member === undefined) violations.push(`${id} expired, but no client registered it`);
    else if (member.heldAt(at, stoodStillMs + CLOCK_SLACK_MS)) {
      violations.push(
        `${id} expired at ${new Date(at).toISOString()} while its client held it: ${JSON.stringify(member.held)}`,
      );
    }
  }
  return { violations, expired: ended.length };
}
