import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';

/** Length of each of the three phases. */
const PHASE_MS = 3_000;
const NOISY_CONNECTIONS = 32;
/** Requests per second that each token may send once it is limited; the quiet one sends fewer. */
const RATE = 60;
const QUIET_EVERY_MS = 25;

/** Results of one client in a phase. */
interface Seen {
  byStatus: Record<number, number>;
  latenciesMs: number[];
}

const at = (values: number[], share: number): number =>
  [...values].sort((one, other) => one - other)[Math.floor(values.length * share)] ?? Number.NaN;
const summary = ({ byStatus, latenciesMs }: Seen): string =>
  `${JSON.stringify(byStatus)}, median ${at(latenciesMs, 0.5).toFixed(1)} ms, p99 ${at(latenciesMs, 0.99).toFixed(1)} ms`;

/** Sends requests one after the other on one connection until the phase is over. */
async function keepAsking(registry: RunningRegistry, token: string, pauseMs: number, until: number): Promise<Seen> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const seen: Seen = { byStatus: {}, latenciesMs: [] };
  const ask = (): Promise<number> =>
    new Promise((resolve, reject) => {
      const call = request(`${registry.url}/api/v1/ns/public/services`, {
        agent,
        headers: { Authorization: `Bearer ${token}` },
      });
      call.on('error', reject);
      call.on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      });
      call.end();
    });
  while (Date.now() < until) {
    const startedAt = performance.now();
    const status = await ask();
    seen.latenciesMs.push(performance.now() - startedAt);
    seen.byStatus[status] = (seen.byStatus[status] ?? 0) + 1;
    if (pauseMs > 0) await sleep(pauseMs);
  }
  agent.destroy();
  return seen;
}

it('[N24] a noisy client is held to its rate, and no request of a quiet client is refused', async () => {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const root = async (method: string, path: string, body: object): Promise<unknown> => {
    const headers = { Authorization: `Bearer ${registry.rootToken}`, 'Content-Type': 'application/json' };
    const answer = await fetch(`${registry.url}/api/v1${path}`, { method, headers, body: JSON.stringify(body) });
    expect(answer.ok, `${method} ${path}`).toBe(true);
    return answer.json();
  };
  const issue = async (name: string): Promise<string> => {
    const made = await root('POST', '/tokens', { name, grants: [{ scope: 'read', ns: 'public' }] });
    return (made as { token: string }).token; // `as`: the response of this call
  };
  const [quiet, noisy] = [await issue('quiet'), await issue('noisy')];
  const phase = async (connections: number): Promise<{ quiet: Seen; noisy: Seen }> => {
    const until = Date.now() + PHASE_MS;
    const [mine, ...theirs] = await Promise.all([
      keepAsking(registry, quiet, QUIET_EVERY_MS, until),
      ...Array.from({ length: connections }, () => keepAsking(registry, noisy, 0, until)),
    ]);
    const all: Seen = { byStatus: {}, latenciesMs: theirs.flatMap(({ latenciesMs }) => latenciesMs) };
    for (const { byStatus } of theirs) {
      for (const [status, count] of Object.entries(byStatus)) {
        all.byStatus[Number(status)] = (all.byStatus[Number(status)] ?? 0) + count;
      }
    }
    return { quiet: mine, noisy: all };
  };

  const alone = await phase(0);
  const unlimited = await phase(NOISY_CONNECTIONS);
  await root('PATCH', '/ns/public', { limits: { perToken: { requestsPerSecond: RATE } } });
  await sleep(1_100); // the buckets are full again
  const limited = await phase(NOISY_CONNECTIONS);
  console.log(`alone: quiet ${summary(alone.quiet)}`);
  for (const [name, seen] of Object.entries({ unlimited, limited })) {
    console.log(`${name}: quiet ${summary(seen.quiet)}; noisy ${summary(seen.noisy)}`);
  }

  // Exactly what a token may ask is answered: a burst of one second's worth, and then its rate.
  const most = RATE * (PHASE_MS / 1_000 + 2);
  expect(unlimited.noisy.byStatus[429]).toBeUndefined();
  expect(unlimited.noisy.byStatus[200]).toBeGreaterThan(most);
  expect(limited.noisy.byStatus[200]).toBeLessThanOrEqual(most);
  expect(limited.noisy.byStatus[429]).toBeGreaterThan(limited.noisy.byStatus[200] ?? 0);
  // The other client loses nothing: none of its requests is refused.
  for (const { quiet: mine } of [alone, unlimited, limited]) expect(Object.keys(mine.byStatus)).toEqual(['200']);
});
