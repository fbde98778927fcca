import { describe, expect, it } from 'vitest';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { HandTime } from '../../../test/fixtures/hand-time';
import { OutageReports } from '../wire/outage-reports';
import { RollcallError } from '../wire/rollcall-error';
import { type CachedService, EdgeList } from './edge-list';

const AWAY = new RollcallError('UNREACHABLE', 'connection refused');

/** A call to the registry that the test answers, or leaves without an answer for ever. */
interface Asked {
  answer(id: string, currentAt?: number): Promise<void>;
  fail(error?: RollcallError): Promise<void>;
}

/** Lets whatever waits for a promise that has settled go on. */
const settle = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

function stage() {
  const time = new HandTime();
  const asked: Asked[] = [];
  const kept: Promise<unknown>[] = [];
  const warnings: string[] = [];
  const list = new EdgeList({
    ask: () =>
      new Promise<CachedService>((resolve, reject) => {
        asked.push({
          answer: (id, currentAt = time.now()) => {
            resolve({ instances: [clientInstance(id)], protectThreshold: 0, etag: undefined, currentAt });
            return settle();
          },
          fail: (error = AWAY) => {
            reject(error);
            return settle();
          },
        });
      }),
    outages: new OutageReports(
      'http://registry.example',
      time,
      (message) => warnings.push(message),
      () => import('../wire/outages'),
    ),
    time,
    maxAgeMs: 10_000,
    maxStaleMs: 60_000,
    waitUntil: (work) => kept.push(work),
  });
  /** Returns the outcome of a read, which is set when the read settles. */
  const read = () => {
    const outcome: { id?: string | undefined; error?: unknown } = {};
    list.read().then(
      ({ instances }) => {
        outcome.id = instances[0]?.id;
      },
      (error: unknown) => {
        outcome.error = error;
      },
    );
    return outcome;
  };
  const readNow = async () => {
    const outcome = read();
    await settle();
    return outcome;
  };
  /** The same, with the list of `a` read already. */
  const filled = async () => {
    read();
    await asked[0]?.answer('a');
  };
  return { time, asked, kept, warnings, list, read, readNow, filled };
}

describe('the list of an isolate', () => {
  it('[B18] is read once, then served from memory until it is old', async () => {
    const { time, asked, list, read, readNow } = stage();
    expect(list.age).toBe(Number.POSITIVE_INFINITY);
    const first = read();
    const second = read();
    expect(asked).toHaveLength(1);
    await asked[0]?.answer('a');
    expect([first.id, second.id, list.age]).toEqual(['a', 'a', 0]);
    time.advance(4_999);
    expect(await readNow()).toEqual({ id: 'a' });
    expect([asked.length, list.age]).toEqual([1, 4_999]);
  });

  it('[B18] is refreshed in the background from half of its time on, by one call that outlives its request', async () => {
    const { time, asked, kept, filled, readNow } = stage();
    await filled();
    time.advance(5_000);
    expect([await readNow(), await readNow()]).toEqual([{ id: 'a' }, { id: 'a' }]);
    expect([asked.length, kept.length]).toEqual([2, 2]);
    await asked[1]?.answer('b');
    expect(await readNow()).toEqual({ id: 'b' });
    expect(asked).toHaveLength(2);
  });

  it('[B18] from a cached copy is not read again immediately', async () => {
    const { time, asked, read, readNow } = stage();
    read();
    await asked[0]?.answer('a', time.now() - 9_000);
    expect(await readNow()).toEqual({ id: 'a' });
    time.advance(999);
    await readNow();
    expect(asked).toHaveLength(1);
  });

  it('[B18] is waited for if it is too old, and an outdated response is dropped', async () => {
    const { time, asked, filled, read, readNow } = stage();
    await filled();
    time.advance(10_000);
    const waiting = read();
    await settle();
    expect(waiting).toEqual({});
    await asked[1]?.answer('b');
    expect(waiting).toEqual({ id: 'b' });
    time.advance(5_000);
    await readNow();
    time.advance(2_000);
    await readNow();
    expect(asked).toHaveLength(4);
    await asked[3]?.answer('d');
    await asked[2]?.answer('c', time.now() - 2_000);
    expect(await readNow()).toEqual({ id: 'd' });
  });

  it('[B19] waits two seconds for a call that may have been cut off, then makes another', async () => {
    const { time, asked, read, readNow } = stage();
    const cutOff = read();
    const follower = read();
    time.advance(1_999);
    await settle();
    expect(asked).toHaveLength(1);
    time.advance(1);
    await settle();
    expect(asked).toHaveLength(2);
    await asked[1]?.answer('b');
    expect([cutOff, follower]).toEqual([{}, { id: 'b' }]);
    expect(await readNow()).toEqual({ id: 'b' });
    expect(time.timers).toBe(0);
  });

  it('[B20] serves an old one if the registry is slow or fails, up to a maximum age', async () => {
    const { time, asked, list, filled, read, readNow } = stage();
    await filled();
    time.advance(10_000);
    const slow = read();
    time.advance(2_000);
    await settle();
    expect(slow).toEqual({ id: 'a' });
    await asked[1]?.fail();
    expect([await readNow(), asked.length, list.error]).toEqual([{ id: 'a' }, 2, AWAY]);
    time.advance(1_000);
    const failed = read();
    await asked[2]?.fail();
    expect(failed).toEqual({ id: 'a' });
    time.advance(60_000);
    const late = read();
    await asked[3]?.fail();
    expect(late).toEqual({ error: AWAY });
    const back = read();
    await asked[4]?.answer('e');
    expect([back, list.error]).toEqual([{ id: 'e' }, undefined]);
  });
});

it('[B18] an outage is reported once, and its end once, whether or not a stale list bridges it', async () => {
  const { time, asked, warnings, filled, readNow } = stage();
  await filled();
  for (const attempt of [1, 2]) {
    time.advance(10_000);
    const read = readNow();
    await asked[attempt]?.fail();
    expect(await read).toEqual({ id: 'a' });
  }
  await expect.poll(() => warnings).toEqual([expect.stringMatching(/^http:\/\/registry\.example: .*trying again$/)]);
  time.advance(10_000);
  await readNow();
  await asked[3]?.answer('b');
  await expect.poll(() => warnings.slice(1)).toEqual(['http://registry.example answers again']);
});
