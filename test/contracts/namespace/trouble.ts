import { describe, expect, it } from 'vitest';
import {
  ATTENTION_LATE_MS,
  ATTENTION_PASS_MS,
  CHECKPOINT_DELAY_MS,
  LEASE_SLACK_MS,
  LOOK_LATE_MS,
  RECONNECT_SPREAD_MIN_MS,
} from '../../../src/model/limits';
import { OWNER } from '../../fixtures/callers';
import { key } from '../../fixtures/definition';
import { bodyOf, ENDS_AFTER_MS, type Scene } from './scene';
import { type Capabilities, where } from './test-namespace';

const HOUR_MS = 3_600_000;
/** Default time to live. */
const TTL_MS = 30_000;
/** Time between two looks at such leases. */
const LOOK_MS = 5_000;
/** Time without a pass that counts as a gap on a ticking host. */
const GAP_MS = ATTENTION_PASS_MS + ATTENTION_LATE_MS;
/** Time without a gap after which such a lease has ended if the registry listened. */
const HEARD_MS = TTL_MS + LEASE_SLACK_MS;
/** The same after a wake that finds a gap: clients first get time to reconnect. */
const HEARD_AFTER_WAKE_MS = RECONNECT_SPREAD_MIN_MS + HEARD_MS;

/** Tests outages, crashes and clock jumps: no lease ends if its holder is not at fault. */
export function trouble(stage: () => Scene, capabilities: Capabilities): void {
  where(capabilities.movesTime, () => {
    /** A host that doesn't know whether its process lasted gives clients time to reconnect after a wake. */
    const heardMs = capabilities.remembers === true || capabilities.ticks === true ? HEARD_MS : HEARD_AFTER_WAKE_MS;

    describe('a gap', () => {
      where(capabilities.looks, () => {
        it('[L9] does not include an alarm that is up to half a second late', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.freeze(LOOK_MS + LOOK_LATE_MS);
          await scene.pass(TTL_MS - LOOK_MS - LOOK_LATE_MS + ENDS_AFTER_MS - 1);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });

        it('[L7, L9] is a later alarm: every lease ends after a whole time to live of listening', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.freeze(LOOK_MS + LOOK_LATE_MS + 1);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(heardMs - 1);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });
      });

      where(capabilities.ticks, () => {
        it('[L9] does not include a pass that is less than a quarter of a second late', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.freeze(GAP_MS - 1);
          await scene.pass(TTL_MS - GAP_MS + ENDS_AFTER_MS);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });

        it('[L7, L9] is a later pass: every lease ends after a whole time to live of listening', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.freeze(GAP_MS);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(heardMs - 1);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });
      });

      it('[I6, L7] of any length gives every lease its time to live, and at most a second more', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.register('b', { lease: { ttlMs: 10_000, removeAfterMs: 60_000 } });
        await scene.freeze(HOUR_MS);
        expect(await scene.resolved()).toEqual(['a', 'b']);
        await scene.pass(9_999);
        expect(await scene.resolved()).toEqual(['a', 'b']);
        await scene.pass(heardMs - TTL_MS + 1);
        expect(await scene.resolved()).toEqual(['a']);
        // `b` has long been due for removal, and the registry has listened to it for a whole time to live.
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(19_999);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });

      it('[L9] makes no revision', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.freeze(HOUR_MS);
        expect(await scene.revision()).toBe(1);
      });

      it('[I6, L9] and one renewal after it prove nothing about the holder of another lease', async () => {
        const scene = stage();
        for (const id of ['a', 'b', 'dead']) await scene.register(id);
        await scene.freeze(HOUR_MS);
        for (let beats = 0; beats < 29; beats++) {
          await scene.beat('b');
          await scene.pass(1_000);
        }
        await scene.beat('a');
        expect(await scene.listed()).toEqual(['a', 'b', 'dead']);
        await scene.pass(heardMs - 29_000);
        expect(await scene.listed()).toEqual(['a', 'b']);
        expect(await scene.revision()).toBe(4);
      });

      it.each([
        ['between two looks', 2_000, 4_000],
        ['across one look', 9_000, 3_000],
        ['that ends shortly before the deadline', 11_000, 18_900],
        ['that ends shortly after the deadline', 11_000, 19_400],
        ['around the deadline alone', 29_900, 900],
        ['around the second pass', 30_400, 200],
        ['over twice the time to live', 5_000, 60_000],
        ['of an hour', 28_000, HOUR_MS],
      ])(
        '[I6, L15] %s ends no lease that is renewed in time, with its messages queued or lost',
        async (_when, at, ms) => {
          const scene = stage();
          for (const id of ['keen', 'late', 'queued', 'dead']) await scene.register(id);
          const timely = new Map([
            ['keen', 10_000],
            ['late', 29_500],
            ['queued', 29_500],
          ]);
          const renewedAt = new Map([...timely.keys()].map((id) => [id, 0]));
          const queue: string[] = [];
          for (let now = 0; now < at + ms + 60_000; now += 100) {
            if (now === at) await scene.freeze(ms);
            const isFrozen = now >= at && now < at + ms;
            if (now === at + ms) {
              // The worst order: due work runs before queued calls.
              await scene.pass(0);
              for (const id of queue) await scene.beat(id);
            }
            for (const [id, everyMs] of timely) {
              if (now - (renewedAt.get(id) ?? 0) < everyMs) continue;
              renewedAt.set(id, now);
              if (!isFrozen) await scene.beat(id);
              else if (id === 'queued') queue.push(id);
            }
            if (!isFrozen) await scene.pass(100);
          }
          expect(await scene.listed()).toEqual(['keen', 'late', 'queued']);
          expect(await scene.revision()).toBe(5);
        },
      );

      // The delay of expiries is over before an object could fall asleep.
      where(capabilities.remembers, () => {
        it('[I6, L15] too short to be detected ends no lease whose renewal is queued', async () => {
          const scene = stage();
          await scene.register('queued');
          await scene.register('dead');
          // The pass that would end both is late, and first handles the queued calls.
          const looks = capabilities.looks === true;
          await scene.pass(TTL_MS + ENDS_AFTER_MS - (looks ? 300 : ATTENTION_PASS_MS));
          await scene.freeze(looks ? LOOK_LATE_MS : GAP_MS - 1);
          await scene.pass(LEASE_SLACK_MS - 1);
          await scene.beat('queued');
          await scene.pass(1);
          expect(await scene.listed()).toEqual(['queued']);
        });
      });

      it('[I6, L9] followed by another, with no renewal in between, gives a holder time to reconnect', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.freeze(HOUR_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.freeze(TTL_MS + HOUR_MS);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(heardMs - 1);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });

      where(capabilities.addsUpAttention, () => {
        it('[I6, L7] repeated many times does not keep the lease of a dead holder', async () => {
          const scene = stage();
          await scene.register('dead');
          // The registry listens for twenty seconds of each minute. That is less than a time to live, but adds up to two
          // of them by the end, even if each wake loses five seconds.
          for (let gap = 0; gap < 6; gap++) {
            await scene.freeze(40_000);
            if (gap < 3) expect(await scene.revision()).toBe(1);
            await scene.pass(20_000);
          }
          expect(await scene.listed()).toEqual([]);
        });
      });

      it('[I6, L9] gives a holder that has renewed since the last one a whole time to live again', async () => {
        const scene = stage();
        await scene.register('a');
        for (let outage = 0; outage < 3; outage++) {
          await scene.freeze(HOUR_MS);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(TTL_MS - 1_000);
          await scene.beat('a');
        }
        // Counted from the last renewal; `heardMs` after the last gap has passed by then.
        await scene.pass(TTL_MS + ENDS_AFTER_MS - 1);
        expect(await scene.listed()).toEqual(['a']);
        await scene.pass(1);
        expect(await scene.listed()).toEqual([]);
      });
    });

    where(capabilities.losesAlarms, () => {
      describe('a lost alarm', () => {
        it('[L11] is armed again by the next call, and leases still end', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.loseAlarm();
          await scene.pass(HOUR_MS);
          expect(await scene.listed()).toEqual(['a']);
          const revision = await scene.revision();
          // No call from here on: only an alarm can end it in time.
          await scene.pass(HEARD_AFTER_WAKE_MS);
          expect(revision).toBe(1);
          expect(await scene.listed()).toEqual([]);
          const { instances } = await scene.stats();
          expect(instances).toBe(0);
        });
      });
    });

    describe('a clock that jumps', () => {
      it('[L10] forward expires no holder that renews, and dead ones expire a time to live later', async () => {
        const scene = stage();
        await scene.register('a');
        await scene.register('dead');
        await scene.pass(10_000);
        await scene.beat('a');
        await scene.setClock(HOUR_MS);
        await scene.beat('a');
        await scene.pass(TTL_MS - 1);
        await scene.beat('a');
        expect(await scene.listed()).toEqual(['a', 'dead']);
        await scene.pass(1_001);
        await scene.pass(heardMs - HEARD_MS);
        expect(await scene.listed()).toEqual(['a']);
      });

      where(capabilities.looks, () => {
        it('[L10] back expires no holder that renews, and dead ones expire on time', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.register('dead');
          await scene.pass(10_000);
          await scene.beat('a');
          await scene.setClock(-HOUR_MS);
          await scene.beat('a');
          await scene.pass(19_999 + ENDS_AFTER_MS);
          expect(await scene.listed()).toEqual(['a', 'dead']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual(['a']);
          await scene.beat('a');
          await scene.pass(29_999 + ENDS_AFTER_MS);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });
      });

      where(capabilities.ticks, () => {
        // A namespace that slept continues at the time at which it fell asleep.
        where(capabilities.remembers, () => {
          it('[L10] back is a gap, so dead holders expire a time to live later', async () => {
            const scene = stage();
            await scene.register('a');
            await scene.register('dead');
            await scene.pass(10_000);
            await scene.beat('a');
            await scene.setClock(-HOUR_MS);
            await scene.beat('a');
            await scene.pass(heardMs - 1);
            expect(await scene.listed()).toEqual(['a', 'dead']);
            await scene.pass(1);
            expect(await scene.listed()).toEqual(['a']);
          });
        });
      });

      it.each([-HOUR_MS, -3_000, -600, 600, 3_000, 29_000, HOUR_MS])(
        '[L10, I6] by %i ms at any time expires no holder that renews',
        async (ms) => {
          const scene = stage();
          await scene.register('a');
          for (let round = 0; round < 12; round++) {
            await scene.pass(9_700);
            await scene.beat('a');
            await scene.pass(round * 25);
            await scene.setClock(ms);
          }
          expect(await scene.revision()).toBe(1);
        },
      );

      it('[L10] back and forth keeps timestamps in order', async () => {
        const scene = stage();
        const { instance } = await scene.register('a', { ephemeral: false });
        await scene.setClock(-HOUR_MS);
        expect((await scene.patch('a', { weight: 2 })).updatedAt).toBe(instance.registeredAt);
        await scene.setClock(2 * HOUR_MS);
        const { updatedAt } = await scene.patch('a', { weight: 3 });
        expect(Date.parse(updatedAt) - Date.parse(instance.registeredAt)).toBe(HOUR_MS);
      });

      where(capabilities.restarts, () => {
        it('[L10, L8] back does not change the speed of time after the next wake', async () => {
          const scene = stage();
          await scene.pass(10_000);
          await scene.register('a', { lease: { ttlMs: 3_000 } });
          await scene.setClock(-2_900);
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
        where(capabilities.remembers, () => {
          it('[L7] that may have lost renewals lets leases end after a whole time to live of listening', async () => {
            const scene = stage();
            await scene.register('a');
            await scene.register('dead');
            await scene.pass(20_000);
            await scene.beat('a');
            await scene.pass(4_000);
            await scene.restart();
            // This call wakes it.
            expect(await scene.listed()).toEqual(['a', 'dead']);
            await scene.pass(TTL_MS - 1);
            expect(await scene.listed()).toEqual(['a', 'dead']);
            await scene.pass(1 + HEARD_AFTER_WAKE_MS - TTL_MS);
            expect(await scene.listed()).toEqual([]);
          });
        });

        it('[L7, I6] with an outage of any length behind it ends no lease', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.beat('a');
          await scene.freeze(10 * HOUR_MS);
          await scene.restart();
          expect(await scene.resolved()).toEqual(['a']);
          await scene.pass(TTL_MS - 1);
          expect(await scene.resolved()).toEqual(['a']);
          await scene.pass(1 + HEARD_AFTER_WAKE_MS - TTL_MS);
          expect(await scene.resolved()).toEqual([]);
        });

        where(capabilities.keepsRenewalsByLooks, () => {
          it('[L7, I6] after a crash does not keep the lease of a dead holder', async () => {
            const scene = stage();
            await scene.register('living');
            await scene.register('dead');
            // Each time it listens for twenty seconds, minus the time in which clients reconnect.
            for (let crash = 0; crash < 7; crash++) {
              for (let beats = 0; beats < 2; beats++) {
                await scene.pass(10_000);
                await scene.beat('living');
              }
              await scene.restart();
              await scene.beat('living');
              if (crash < 2) expect(await scene.listed()).toEqual(['dead', 'living']);
            }
            expect(await scene.listed()).toEqual(['living']);
          });
        });

        it('[I1, L4] loses no acknowledged change', async () => {
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

      // A new process always has a gap, whatever is stored.
      where(capabilities.looks, () => {
        describe('a wake with nothing lost', () => {
          it('[L8] restores exact deadlines where no lease was renewed', async () => {
            const scene = stage();
            await scene.register('a');
            await scene.pass(10_000);
            await scene.restart();
            await scene.pass(19_999 + ENDS_AFTER_MS);
            expect(await scene.listed()).toEqual(['a']);
            await scene.pass(1);
            expect(await scene.listed()).toEqual([]);
          });

          where(capabilities.keepsRenewalsByLooks, () => {
            it('[L6, L8] restores exact deadlines, and every renewal older than five seconds', async () => {
              const scene = stage();
              await scene.register('a', { lease: { ttlMs: 10_000, removeAfterMs: 30_000 } });
              await scene.register('b');
              await scene.pass(9_000);
              await scene.api.renewMany(OWNER, [key('a'), key('b')]);
              await scene.pass(5_000);
              await scene.restart();
              await scene.pass(4_999 + ENDS_AFTER_MS);
              expect(await scene.resolved()).toEqual(['a', 'b']);
              await scene.pass(1);
              expect(await scene.resolved()).toEqual(['b']);
              await scene.pass(20_000);
              expect(await scene.listed()).toEqual([]);
            });

            it('[L8] remembers which leases were never renewed', async () => {
              const scene = stage();
              const lease = { ttlMs: 10_000, removeAfterMs: 20_000, firstRemoveAfterMs: 60_000 };
              for (const id of ['silent', 'beats']) await scene.register(id, { lease });
              await scene.pass(1_000);
              await scene.beat('beats');
              await scene.pass(5_000);
              await scene.restart();
              await scene.pass(15_000 + LEASE_SLACK_MS);
              expect(await scene.listed()).toEqual(['silent']);
              await scene.pass(38_999);
              expect(await scene.listed()).toEqual(['silent']);
              await scene.pass(1);
              expect(await scene.listed()).toEqual([]);
            });
          });
        });
      });

      where(capabilities.ticks, () => {
        it('[L6] a start restores every renewal older than five seconds', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.pass(9_000);
          await scene.beat('a');
          const why = async () => bodyOf(await scene.api.why({ key: key('a') }));
          const { renewals } = await why();
          await scene.pass(CHECKPOINT_DELAY_MS);
          await scene.restart();
          expect(renewals).not.toBeNull();
          expect(await why()).toMatchObject({ renewals: { lastAt: renewals?.lastAt } });
        });

        it('[L7, I6] a start gives every lease a whole time to live, even if nothing was lost', async () => {
          const scene = stage();
          await scene.register('a');
          await scene.pass(20_000);
          await scene.restart();
          await scene.pass(HEARD_AFTER_WAKE_MS - 1);
          expect(await scene.listed()).toEqual(['a']);
          await scene.pass(1);
          expect(await scene.listed()).toEqual([]);
        });
      });
    });
  });
}
