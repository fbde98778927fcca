import { expect, it } from 'vitest';
import type { InstanceDefinition } from '../../../src/model/instance';
import { INSTANCES_PER_SERVICE_MAX_COUNT, RECORDS_PER_NAMESPACE_MAX_BYTES } from '../../../src/model/limits';
import type { Caller } from '../../../src/model/namespace-api';
import { OWNER, STRANGER } from '../../fixtures/callers';
import { definition, key } from '../../fixtures/definition';
import { refusal, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const BATCH_COUNT = 500;
const SMALL = definition();

/** The owner, whose share is the whole namespace. */
const FILLER: Caller = { ...OWNER, share: 'all' };

/** An instance that takes about 30 kB. */
const LARGE = definition({
  metadata: Object.fromEntries(Array.from({ length: 64 }, (_, index) => [`key-${index}`, 'v'.repeat(120)])),
  extensions: { nacos: 'x'.repeat(8_000) },
  tags: Array.from({ length: 64 }, (_, index) => `${index}-${'t'.repeat(245)}`),
});

/** Registers `i-0`, `i-1` and so on. They share one object, so that a test of many does not spend its time on parsing. */
async function registerMany(scene: Scene, count: number, definition: InstanceDefinition): Promise<void> {
  for (let first = 0; first < count; first += BATCH_COUNT) {
    const length = Math.min(BATCH_COUNT, count - first);
    const operations = Array.from({ length }, (_, index) => {
      return { op: 'register', key: key(`i-${first + index}`), definition, precondition: {} } as const;
    });
    await scene.api.batch(FILLER, operations);
  }
}

/** Registers large instances, and then smaller ones, until almost no room is left. */
async function fill(scene: Scene): Promise<void> {
  const room = async () => RECORDS_PER_NAMESPACE_MAX_BYTES - (await scene.stats()).recordBytes;
  const { length } = JSON.stringify(LARGE);
  await registerMany(scene, Math.floor(RECORDS_PER_NAMESPACE_MAX_BYTES / (length + 200)), LARGE);
  let left = await room();
  for (let index = 0; left > 400; index++) {
    const most = Math.min(8_000, left - 300);
    const small = definition({ extensions: { nacos: 'x'.repeat(most) } });
    const at = { ...key(`small-${index}`), service: 'users' };
    await scene.api.register(FILLER, { key: at, definition: small, precondition: {} });
    // Reading the statistics takes long in a full namespace.
    left = left > 20_000 ? left - most - 400 : await room();
  }
}

/** Tests that a full namespace reports its limit and keeps working. */
export function limits(stage: () => Scene, capabilities: Capabilities): void {
  where(capabilities.isFast, () => {
    it('[R15, C3] a full service refuses new instances and accepts changes of its existing ones', async () => {
      const scene = stage();
      await registerMany(scene, INSTANCES_PER_SERVICE_MAX_COUNT - 1, SMALL);
      const cursor = await scene.cursor();
      const at = { op: 'register', address: '10.0.0.1', port: 8080 };
      await expect(scene.batch({ ...at, id: 'a' }, { ...at, id: 'b' })).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
      expect(await scene.cursor()).toBe(cursor);
      await scene.register('a');
      await expect(scene.register('b')).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
      await scene.beat('i-0');
      await scene.register('a', { weight: 2 });
      await scene.register('b', {}, { service: 'users' });
      await scene.deregister('i-0');
      await scene.register('b');
    });

    it('[R15, C5] a full namespace refuses what would make it larger and accepts changes of its contents', async () => {
      const scene = stage();
      await fill(scene);
      const cursor = await scene.cursor();
      const register = (id: string) =>
        scene.api.register(FILLER, { key: key(id), definition: LARGE, precondition: {} });
      await expect(register('new')).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
      const override = scene.override('i-0', { metadata: { reason: 'x'.repeat(400) } });
      await expect(override).rejects.toEqual(refusal('LIMIT_EXCEEDED'));
      expect(await scene.cursor()).toBe(cursor);
      await scene.beat('i-0');
      for (const id of ['i-0', 'i-1', 'i-2'])
        await scene.override(id, { enabled: false, quarantine: { reason: 'slow' } });
      expect((await scene.stats()).recordBytes).toBeGreaterThan(RECORDS_PER_NAMESPACE_MAX_BYTES);
      await expect(scene.override('i-3', { quarantine: { reason: 'x'.repeat(1_000) } })).rejects.toEqual(
        refusal('LIMIT_EXCEEDED'),
      );
      await scene.patch('i-0', { tags: [] });
      await scene.deregister('i-1');
      await register('i-1');
    });

    it('[N26] a token without the operate scope leaves bytes of a namespace free for others', async () => {
      const scene = stage();
      const count = 100;
      for (const by of [OWNER, { ...STRANGER, share: 'half' as const }]) {
        let filled = 0;
        const fill = async (): Promise<never> => {
          for (;;) {
            const operations = Array.from({ length: count }, () => {
              return {
                op: 'register',
                key: key(`${by.tokenId}-${filled++}`),
                definition: LARGE,
                precondition: {},
              } as const;
            });
            await scene.api.batch(by, operations);
          }
        };
        const share = by.tokenId === OWNER.tokenId ? 'does not operate' : 'grants name services';
        await expect(fill()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', message: expect.stringContaining(share) });
        // The room left over is that of a batch that did not fit.
        const { recordBytes, largestHolders } = await scene.stats();
        expect(largestHolders[0]).toMatchObject({ token: by.tokenId, recordBytes });
        const most = RECORDS_PER_NAMESPACE_MAX_BYTES * (by.tokenId === OWNER.tokenId ? 0.75 : 0.5);
        expect(recordBytes).toBeLessThanOrEqual(most);
        expect(recordBytes).toBeGreaterThan(most - count * 35_000);
        await scene.api.register(
          { tokenId: 'other', share: 'half' },
          { key: key('other'), definition: LARGE, precondition: {} },
        );
        // It can still renew its instances, and make them smaller.
        await scene.api.renew(by, key(`${by.tokenId}-0`));
        await scene.api.patch(by, { key: key(`${by.tokenId}-0`), patch: { tags: [] }, precondition: {} });
        await scene.api.removeService(
          { tokenId: 'operator', operates: true },
          { group: 'DEFAULT_GROUP', service: 'orders', precondition: {}, force: true },
        );
      }
    });
  });
}
