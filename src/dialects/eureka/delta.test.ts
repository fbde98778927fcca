import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EurekaStage, INSTANCE_PATH } from '../../../test/fixtures/eureka-stage';
import { JavaCopy } from '../../../test/fixtures/java-copy';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';
import { PAST_SLICE_MAX_COUNT } from '../../model/limits';
import { DELTA_WINDOW_MS } from './fleet';

const actions = async (stage: EurekaStage) =>
  (await stage.list('/eureka/apps/delta')).application.flatMap(({ instance }) =>
    instance.map(({ instanceId, actionType }) => `${actionType} ${instanceId}`),
  );

describe('the delta', () => {
  it('[F4] lists what was added, changed and removed, each once with its last action', async () => {
    const stage = new EurekaStage();
    await stage.register({ instanceId: 'a' });
    await stage.register({ instanceId: 'b' });
    expect(await actions(stage)).toEqual(['ADDED a', 'ADDED b']);
    await stage.namespace.pass(60_000);
    await stage.send('PUT', '/eureka/apps/ORDERS/a/status?value=OUT_OF_SERVICE');
    await stage.send('DELETE', '/eureka/apps/ORDERS/b');
    expect(await actions(stage)).toEqual(['ADDED a', 'DELETED b']);
    expect((await stage.list('/eureka/apps/delta')).apps__hashcode).toBe('OUT_OF_SERVICE_1_');
  });

  it('[F4] drops changes older than three minutes, and reports MODIFIED for earlier instances', async () => {
    const stage = new EurekaStage();
    await stage.register({ leaseInfo: { durationInSecs: 3_600 } });
    await stage.list('/eureka/apps/delta');
    await stage.namespace.pass(DELTA_WINDOW_MS + 1_000);
    await stage.register({ instanceId: 'b' });
    expect(await actions(stage)).toEqual(['ADDED b']);
    await stage.send('PUT', `${INSTANCE_PATH}/status?value=OUT_OF_SERVICE`);
    expect(await actions(stage)).toEqual(['ADDED b', `MODIFIED ${SPRING_INSTANCE.instanceId}`]);
    // A new isolate knows no less.
    expect(await actions(new EurekaStage(stage.namespace))).toEqual([
      'ADDED b',
      `MODIFIED ${SPRING_INSTANCE.instanceId}`,
    ]);
  });

  it('[F4] has a version that changes with every change, and never with a heartbeat', async () => {
    const stage = new EurekaStage();
    const version = async () => Number((await stage.list('/eureka/apps/delta')).versions__delta);
    await stage.register();
    const first = await version();
    await stage.send('PUT', INSTANCE_PATH);
    expect(await version()).toBe(first);
    await stage.send('PUT', `${INSTANCE_PATH}/metadata?a=1`);
    expect(await version()).toBe(first + 1);
    expect(
      await Promise.all([stage.list(), new EurekaStage(stage.namespace).list('/eureka/apps/delta')]),
    ).toMatchObject([{ versions__delta: '1' }, { versions__delta: String(first + 1) }]);
  });

  it('[F4] lists everything if there are too many changes for it', async () => {
    const stage = new EurekaStage();
    await stage.register();
    for (let round = 0; round < 9; round++) {
      for (let change = 0; change < PAST_SLICE_MAX_COUNT; change++) {
        await stage.registerNative('n', { weight: 1 + change + round });
      }
    }
    const copy = new JavaCopy();
    copy.takeFull(await stage.list());
    expect(await actions(stage)).toEqual([`MODIFIED ${SPRING_INSTANCE.instanceId}`, 'MODIFIED n']);
    expect(copy.takeDelta(await stage.list('/eureka/apps/delta'))).toBe(true);
    await stage.send('DELETE', INSTANCE_PATH);
    expect(copy.takeDelta(await stage.list('/eureka/apps/delta'))).toBe(true);
    // In the end, the changes that could not be listed are older than those of a delta.
    await stage.register({ instanceId: 'long', leaseInfo: { durationInSecs: 3_600 } });
    await stage.namespace.pass(DELTA_WINDOW_MS + 1_000);
    await stage.register({ instanceId: 'late' });
    // By application: `long` is not listed again.
    expect(await actions(stage)).toEqual(['ADDED late', 'DELETED n']);
    copy.takeFull(await stage.list());
    expect(copy.takeDelta(await stage.list('/eureka/apps/delta'))).toBe(true);
  });
});

const id = fc.constantFrom('a', 'b', 'c', 'd');
const app = fc.constantFrom('ORDERS', 'CARTS');
const status = fc.constantFrom('UP', 'DOWN', 'STARTING', 'OUT_OF_SERVICE', 'UNKNOWN');

/** Events of a registry: through this dialect, through the native API, and with time. */
const Act = fc.oneof(
  { weight: 4, arbitrary: fc.record({ act: fc.constant('register' as const), app, id, status, dirty: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('cancel' as const), app, id }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('beat' as const), app, id }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('put status' as const), app, id, status }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('delete status' as const), app, id }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant('native' as const), app, id, weight: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 20_000 }) }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant('poll' as const), client: fc.nat(2) }) },
);
type Act = typeof Act extends fc.Arbitrary<infer T> ? T : never;

async function perform(stage: EurekaStage, act: Exclude<Act, { act: 'poll' }>): Promise<void> {
  const path = 'app' in act ? `/eureka/apps/${act.app}/${act.id}` : '';
  switch (act.act) {
    case 'register': {
      const { dirty, ...written } = act;
      const leaseInfo = { durationInSecs: 20, renewalIntervalInSecs: 5 };
      await stage.register({ ...written, instanceId: act.id, leaseInfo, lastDirtyTimestamp: dirty });
      return;
    }
    case 'cancel':
      return void (await stage.send('DELETE', path));
    case 'beat':
      return void (await stage.send('PUT', path));
    case 'put status':
      return void (await stage.send('PUT', `${path}/status?value=${act.status}`));
    case 'delete status':
      return void (await stage.send('DELETE', `${path}/status`));
    case 'native':
      // An instance of the other door is not replaced by this one's.
      return stage
        .registerNative(
          act.id,
          { weight: act.weight, lease: { ttlMs: 10_000, removeAfterMs: 40_000 } },
          act.app.toLowerCase(),
        )
        .catch(() => undefined);
    case 'pass':
      return stage.namespace.pass(act.ms);
  }
}

describe('a client that applies deltas', () => {
  it('[F4] has the same instances and hash as one that reads everything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(Act, { minLength: 5, maxLength: 60 }), async (acts) => {
        const namespace = new NodeNamespace();
        const warm = new EurekaStage(namespace);
        const copies = [new JavaCopy(), new JavaCopy(), new JavaCopy()];
        const polledAt = copies.map(() => namespace.platform.clock.now());
        for (const copy of copies) copy.takeFull(await warm.list());
        for (const act of [...acts, ...copies.map((_, client) => ({ act: 'poll' as const, client }))]) {
          if (act.act !== 'poll') {
            await perform(warm, act);
            continue;
          }
          const { client } = act;
          const copy = copies[client] ?? new JavaCopy();
          // A new isolate must know as much as an existing one.
          const stage = client === 0 ? new EurekaStage(namespace) : warm;
          const isLate = namespace.platform.clock.now() - (polledAt[client] ?? 0) >= DELTA_WINDOW_MS;
          polledAt[client] = namespace.platform.clock.now();
          const matches = copy.takeDelta(await stage.list('/eureka/apps/delta'));
          const whole = new JavaCopy();
          whole.takeFull(await new EurekaStage(namespace).list());
          if (isLate) copy.takeFull(await warm.list());
          else expect(matches).toBe(true);
          expect(copy.content()).toEqual(whole.content());
          expect(copy.hash()).toBe(whole.hash());
        }
      }),
      { numRuns: 20 },
    );
  });
});
