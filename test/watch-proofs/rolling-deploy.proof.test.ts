import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { FleetInstance, type Manner, Resolver } from './rolling-fleet';
import { until } from './until';

/**
 * Replaces ten instances one after the other under load. Each stops as soon as its drain is answered, without a sleep or a
 * grace period. To replace the whole fleet many times: `DEPLOYS=20 npm run test:ci -- rolling-deploy`.
 */

const INSTANCES = 10;
const RESOLVERS = 4;
const REQUESTS_PER_SECOND = 200;
const DEPLOYS = Number(process.env.DEPLOYS ?? 1);

interface Outcome {
  reports: { drained: boolean; acknowledged: number; subscribers: number; laggards: string[] }[];
  answered: number;
  failures: string[];
  late: number;
}

async function rollingDeploy(manner: Manner, replaced: number): Promise<Outcome> {
  const registry = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => registry.stop());
  const fleet = await Promise.all(
    Array.from({ length: INSTANCES }, (_, index) => FleetInstance.start(registry, `old-${index}`)),
  );
  const resolvers = Array.from({ length: RESOLVERS }, (_, index) => new Resolver(registry, `caller-${index}`, manner));
  await Promise.all(resolvers.map(({ follower }) => follower.start()));
  await until('every resolver knows the fleet', () => resolvers.every(({ size }) => size === INSTANCES));

  const startedAt = performance.now();
  let sent = 0;
  const load = setInterval(() => {
    const due = ((performance.now() - startedAt) / 1_000) * REQUESTS_PER_SECOND;
    for (; sent < due; sent++) resolvers[sent % RESOLVERS]?.send();
  }, 5);

  const reports: Outcome['reports'] = [];
  const gone: FleetInstance[] = [];
  for (let index = 0; index < replaced; index++) {
    await sleep(200);
    const [oldest] = fleet.splice(0, 1);
    if (oldest === undefined) throw new Error('the fleet is empty');
    reports.push(await oldest.leave());
    gone.push(oldest);
    fleet.push(await FleetInstance.start(registry, `new-${index}`));
  }
  await until('every instance of the new fleet is called', () => fleet.every(({ served }) => served > 0));
  clearInterval(load);
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, 0);
  await until('all requests have ended', () => {
    return sum(resolvers.map(({ answered, failures }) => answered + failures.length)) >= sent;
  });
  for (const resolver of resolvers) resolver.stop();
  for (const instance of fleet) instance.stop();
  return {
    reports,
    answered: sum(resolvers.map(({ answered }) => answered)),
    failures: resolvers.flatMap(({ failures }) => failures),
    late: sum(gone.map(({ late }) => late)),
  };
}

it(`[W18] ${INSTANCES * DEPLOYS} instances are replaced under load, and none is called after its drain was answered`, async () => {
  const { reports, answered, failures, late } = await rollingDeploy('when done', INSTANCES * DEPLOYS);
  console.log(`${answered} requests answered, ${reports.length} instances replaced`);
  expect(failures).toEqual([]);
  expect(late).toBe(0);
  for (const report of reports) {
    expect(report).toMatchObject({ drained: true, subscribers: RESOLVERS, acknowledged: RESOLVERS, laggards: [] });
  }
  // A deploy without load would prove nothing.
  expect(answered).toBeGreaterThan(200);
});

it('the proof detects resolvers that acknowledge before they apply a change', async () => {
  const { failures, late } = await rollingDeploy('too early', 3);
  expect(late + failures.length).toBeGreaterThan(0);
});
