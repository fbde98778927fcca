import { describe, expect, it } from 'vitest';
import { START } from '../../../../test/fixtures/hand-platform';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { InstanceDefinition } from '../../../model/instance';
import { readJsonText } from '../../../model/json';

const LEASE = { ttlMs: 90_000, removeAfterMs: 180_000, firstRemoveAfterMs: 90_000, intervalMs: 30_000 };
const CALLER = { tokenId: 't' };
const key = (n: number) => ({ group: 'DEFAULT_GROUP', service: 'orders', id: `i${String(n).padStart(3, '0')}` });

/** Registers a number of instances over Eureka's door, which have renewed once. */
async function begin(count: number, { selfPreservation = true, lease = LEASE as object } = {}) {
  const namespace = new NodeNamespace();
  namespace.state.settings.replace({ retention: {}, limits: {}, selfPreservation });
  const definition = InstanceDefinition.parse({ address: '10.0.0.1', port: 1, lease });
  for (let n = 0; n < count; n++) await namespace.api.register(CALLER, { key: key(n), definition, precondition: {} });
  /** Renews the first instances every 30 s for a time. */
  const renewing = async (those: number, ms: number) => {
    for (let passed = 0; passed < ms; passed += 30_000) {
      for (let n = 0; n < those; n++) await namespace.api.renew(CALLER, key(n)).catch(() => undefined);
      await namespace.pass(30_000);
    }
  };
  const there = async () => readJsonText((await namespace.api.stats()).body);
  await renewing(count, 30_000);
  return { namespace, renewing, there };
}

describe('self-preservation', () => {
  it.each([
    [100, 86, true],
    [100, 85, false],
    [20, 18, true],
    [20, 17, false],
    [10, 9, true],
    [10, 8, false],
  ])('[F11] of %i with %i renewing: expiry of the others is %j, as in the formula', async (count, those, go) => {
    const { renewing, there } = await begin(count);
    await renewing(those, 240_000);
    expect((await there()).instances).toBe(go ? those : count);
  });

  it('[F11] keeps lapsed instances as unhealthy, and ends them once the others are back', async () => {
    const { renewing, there } = await begin(20);
    await renewing(10, 210_000);
    expect(await there()).toMatchObject({ instances: 20, healthyInstances: 10 });
    await renewing(18, 30_000);
    expect(await there()).toMatchObject({ instances: 20, healthyInstances: 18 });
    await renewing(18, 240_000);
    expect(await there()).toMatchObject({ instances: 18 });
  });

  it('[F11] asks the kept leases again one time to live later', async () => {
    const { namespace, renewing, there } = await begin(20);
    await renewing(10, 210_000);
    await renewing(18, 30_000);
    // Silent since 0, it was kept when it was past its removal at 180,250.
    // Then it is asked again after 90,000, and ends once its holder has had time to respond.
    expect(namespace.platform.clock.now() - START).toBe(270_000);
    await namespace.pass(1_499);
    expect(await there()).toMatchObject({ instances: 20 });
    await namespace.pass(1);
    expect(await there()).toMatchObject({ instances: 18 });
  });

  it('[F11] is off by default, below ten instances, and for instances of other protocols', async () => {
    for (const [count, options] of [
      [20, { selfPreservation: false }],
      [9, {}],
      [20, { lease: { ttlMs: 90_000, removeAfterMs: 180_000 } }],
    ] as const) {
      const { renewing, there } = await begin(count, options);
      await renewing(1, 240_000);
      expect((await there()).instances).toBe(1);
    }
  });

  it('[F11] keeps instances that never renewed, and survives a restart', async () => {
    const { namespace, there } = await begin(20);
    await namespace.pass(200_000);
    expect((await there()).instances).toBe(20);
    await namespace.hibernate();
    namespace.state.settings.replace({ retention: {}, limits: {}, selfPreservation: true });
    await namespace.pass(400_000);
    expect((await there()).instances).toBe(20);
  });

  it('[F11, I8] stores what it keeps once, and keeps it through a crash', async () => {
    const { namespace, there } = await begin(2_500);
    const before = namespace.state.counters.checkpoints;
    await namespace.pass(200_000);
    // One for the renewals, one for unhealthy instances, and one for kept ones.
    expect(namespace.state.counters.checkpoints - before).toBeLessThanOrEqual(3);
    await namespace.restart();
    namespace.state.settings.replace({ retention: {}, limits: {}, selfPreservation: true });
    await namespace.pass(400_000);
    expect((await there()).instances).toBe(2_500);
  });
});
