import { describe, expect, it } from 'vitest';
import { OWNER } from '../../fixtures/callers';
import { key } from '../../fixtures/definition';
import { type Capabilities, where } from './lent-namespace';
import type { Scene } from './scene';

const HOUR_MS = 3_600_000;

/** Outages, crashes and clocks that jump: what is not the holder's fault ends no lease. */
export function trouble(stage: () => Scene, capabilities: Capabilities): void {
  where(capabilities.movesTime, () => {
    describe('a deadline that nobody attended to', () => {
      it('[L9] by up to three seconds ends a lease all the same', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.jump(33_000);
        expect(await scene.listed()).toEqual([]);
      });

      it('[L9] by more than three seconds gives every lease one time to live to be heard again', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.register('b', { lease: { ttlMs: 10_000, removeAfterMs: 60_000 } });
        await scene.jump(HOUR_MS);
        expect(await scene.resolved()).toEqual(['a', 'b']);
        await scene.pass(9_999);
        expect(await scene.resolved()).toEqual(['a', 'b']);
        await scene.pass(1);
        expect(await scene.resolved()).toEqual(['a']);
        await scene.pass(19_999);
        expect(await scene.resolved()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual(['b']);
        await scene.pass(29_999);
        expect(await scene.listed()).toEqual(['b']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });

      it('[L9] makes no revision', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.jump(HOUR_MS);
        expect(await scene.revision()).toBe(1);
      });

      it('[I6, L9] again, with nothing heard in between, gives a holder time to come back, and no more', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.jump(HOUR_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.jump(30_000 + HOUR_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(30_000);
        expect(await scene.listed()).toEqual([]);
      });

      it('[I6, L9] a holder that renewed since is given a whole time to live again', async () => {
        const scene = stage();
        await scene.register('a');
        for (let outage = 0; outage < 3; outage++) {
          await scene.jump(HOUR_MS);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(29_999);
          await scene.beat('a');
        }
        await scene.pass(30_000);
        expect(await scene.listed()).toEqual([]);
      });
    });

    describe('a clock that jumps', () => {
      it('[L10] forward expires nobody who renews, and the dead go a time to live later', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.register('dead');
        await scene.pass(10_000);
        await scene.beat('a');
        await scene.jump(HOUR_MS);
        await scene.beat('a');
        await scene.pass(29_999);
        await scene.beat('a');
        expect(await scene.listed()).toEqual(['a', 'dead']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual(['a']);
      });

      it('[L10] back expires nobody who renews, and the dead go on time', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.register('dead');
        await scene.pass(10_000);
        await scene.beat('a');
        await scene.jump(-HOUR_MS);
        await scene.beat('a');
        await scene.pass(19_999);
        expect(await scene.listed()).toEqual(['a', 'dead']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual(['a']);
        await scene.beat('a');
        await scene.pass(29_999);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });

      it('[L10] back and forth leaves times for people in order', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { ephemeral: false });
        await scene.jump(-HOUR_MS);
        expect((await scene.patch('a', { weight: 2 })).updatedAt).toBe(instance.registeredAt);
        await scene.jump(2 * HOUR_MS);
        const { updatedAt } = await scene.patch('a', { weight: 3 });
        expect(Date.parse(updatedAt) - Date.parse(instance.registeredAt)).toBe(HOUR_MS);
      });

      where(capabilities.restarts, () => {
        it('[L10, L8] back leaves time running at its pace after the next wake', async () => {
          const scene = stage();
          await scene.pass(10_000);
          await scene.register('a', { lease: { ttlMs: 3_000 } });
          await scene.jump(-2_900);
          await scene.beat('a');
          await scene.pass(1_000);
          await scene.restart();
          await scene.pass(1_900);
          await scene.beat('a');
          expect(await scene.listed()).toEqual(['a']);
        });
      });
    });

    where(capabilities.restarts, () => {
      describe('a crash', () => {
        it('[L7] that may have lost renewals gives every lease one time to live to be heard again', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.register('dead');
          await scene.pass(20_000);
          await scene.beat('a');
          await scene.pass(4_000);
          await scene.restart();
          await scene.pass(29_999);
          expect(await scene.listed()).toEqual(['a', 'dead']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });

        it('[L7, I6] with an outage behind it ends no lease, however long that was', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.beat('a');
          await scene.jump(10 * HOUR_MS);
          await scene.restart();
          expect(await scene.resolved()).toEqual(['a']);
          await scene.pass(29_999);
          expect(await scene.resolved()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.resolved()).toEqual([]);
        });

        where(capabilities.writesRenewalsInMovedTime, () => {
          it('[L7, I6] after a crash makes no dead holder immortal', async () => {
            const scene = stage();
            await scene.register('living');
            await scene.register('dead');
            for (let crash = 0; crash < 4; crash++) {
              for (let beats = 0; beats < 2; beats++) {
                await scene.pass(8_000);
                await scene.beat('living');
              }
              await scene.pass(4_000);
              await scene.restart();
              await scene.beat('living');
              if (crash < 2) expect(await scene.listed()).toEqual(['dead', 'living']);
            }
            expect(await scene.listed()).toEqual(['living']);
          });
        });

        it('[I1, L4] loses no change that was answered', async () => {
          const scene = stage();
          await scene.register('a', { weight: 2 });
          await scene.restart();
          await scene.patch('a', { weight: 3 });
          await scene.restart();
          await scene.override('a', { enabled: false });
          await scene.restart();
          expect(await scene.read('a')).toMatchObject({ weight: 3, enabled: false });
          await scene.deregister('a');
          await scene.restart();
          expect(await scene.listed()).toEqual([]);
        });
      });

      describe('a wake with nothing lost', () => {
        it('[L8] finds deadlines exact where nobody had renewed', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.pass(10_000);
          await scene.restart();
          await scene.pass(19_999);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });

        where(capabilities.writesRenewalsInMovedTime, () => {
          it('[L6, L8] finds deadlines exact, and every renewal that is older than five seconds', async () => {
            const scene = stage();
            await scene.register('a', { lease: { ttlMs: 10_000, removeAfterMs: 30_000 } });
            await scene.register('b');
            await scene.pass(9_000);
            await scene.api.renewMany(OWNER, [key('a'), key('b')]);
            await scene.pass(5_000);
            await scene.restart();
            await scene.pass(4_999);
            expect(await scene.resolved()).toEqual(['a', 'b']);
            await scene.pass(1);
            expect(await scene.resolved()).toEqual(['b']);
            await scene.pass(20_000);
            expect(await scene.listed()).toEqual([]);
          });

          it('[L8] remembers who has yet to renew for the first time', async () => {
            const scene = stage();
            const lease = { ttlMs: 10_000, removeAfterMs: 20_000, firstRemoveAfterMs: 60_000 };
            for (const id of ['silent', 'beats']) await scene.register(id, { lease });
            await scene.pass(1_000);
            await scene.beat('beats');
            await scene.pass(5_000);
            await scene.restart();
            await scene.pass(15_000);
            expect(await scene.listed()).toEqual(['silent']);
            await scene.pass(38_999);
            expect(await scene.listed()).toEqual(['silent']);
            await scene.pass(1);
            expect(await scene.listed()).toEqual([]);
          });
        });
      });
    });
  });
}
