import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { settle } from '../../../test/simulation/virtual-time';
import { CommitPipeline } from './commit-pipeline';

function begin(nextTurn: () => Promise<void> = async () => {}) {
  const disk = new HandDisk();
  disk.run('CREATE TABLE note (text TEXT)');
  const failures: unknown[] = [];
  const counters = { commitGroups: 0 };
  let fault: string | undefined;
  const fill = (why: string | undefined) => {
    fault = why;
  };
  const pipeline = new CommitPipeline({
    storage: disk,
    nextTurn,
    counters,
    writeFault: () => fault,
    onFailure: (reason) => failures.push(reason),
  });
  const note = (text: string) => pipeline.enqueue(() => void disk.run('INSERT INTO note VALUES (?)', text));
  const notes = () => disk.rows('SELECT text FROM note ORDER BY rowid').flat();
  return { disk, failures, pipeline, counters, note, notes, fill };
}

/** Returns the current state of a promise. */
async function stateOf(promise: Promise<unknown> | undefined): Promise<string> {
  let state = 'waits';
  promise?.then(
    () => (state = 'done'),
    () => (state = 'failed'),
  );
  await settle();
  return state;
}

describe('enqueue', () => {
  it('[C2] writes everything queued by one piece of synchronous code at once, in order, in one transaction', async () => {
    const { disk, pipeline, counters, note, notes } = begin();
    for (const text of ['a', 'b', 'c']) note(text);
    expect(notes()).toEqual([]);
    await pipeline.settled();
    expect(notes()).toEqual(['a', 'b', 'c']);
    expect(disk.transactions).toBe(1);
    expect(counters.commitGroups).toBe(1);
  });

  it('[C2] queues what arrives during a sync for one next group', async () => {
    const { disk, pipeline, counters, note, notes } = begin();
    disk.hold();
    note('a');
    await settle();
    for (const text of ['b', 'c']) {
      note(text);
      await settle();
    }
    expect(notes()).toEqual(['a']);
    disk.step();
    await settle();
    expect(notes()).toEqual(['a', 'b', 'c']);
    expect(disk.transactions).toBe(2);
    disk.release();
    await pipeline.settled();
    expect(counters.commitGroups).toBe(2);
  });

  it('[C2] writes the next group before it publishes one, so that the disk stays busy', async () => {
    const { disk, pipeline, notes } = begin();
    const happened: string[] = [];
    const group = (text: string) =>
      pipeline.enqueue(
        () => void disk.run('INSERT INTO note VALUES (?)', text),
        () => happened.push(`${text} is published, ${notes()} written`),
      );
    disk.hold();
    group('a');
    await settle();
    group('b');
    disk.step();
    await settle();
    expect(happened).toEqual(['a is published, a,b written']);
    disk.release();
    await pipeline.settled();
    expect(happened[1]).toBe('b is published, a,b written');
  });

  it('[C2] waits for no turn of the event loop on a host that continues during a sync', async () => {
    const disk = new HandDisk();
    disk.run('CREATE TABLE note (text TEXT)');
    const pipeline = new CommitPipeline({ storage: disk, counters: { commitGroups: 0 }, onFailure: () => {} });
    for (const text of ['a', 'b']) pipeline.enqueue(() => void disk.run('INSERT INTO note VALUES (?)', text));
    await pipeline.settled();
    // After a group that was shared.
    pipeline.enqueue(() => void disk.run('INSERT INTO note VALUES (?)', 'c'));
    await Promise.resolve().then(() => {});
    expect(disk.rows('SELECT COUNT(*) FROM note')).toEqual([[3]]);
  });
});

describe('writeNow', () => {
  const refuse = (): never => {
    throw new Error('refused by its work');
  };

  it('[C2] writes at once, returns the result of its work, and shares the sync of the queue', async () => {
    const { disk, pipeline, counters, note, notes } = begin();
    disk.hold();
    note('queued');
    const add = (text: string) => () => disk.run('INSERT INTO note VALUES (?)', text);
    expect(pipeline.writeNow(add('a'))).toBe(1);
    expect(notes()).toEqual(['a']);
    expect(await stateOf(pipeline.settled())).toBe('waits');
    disk.release();
    await pipeline.settled();
    expect(notes()).toEqual(['a', 'queued']);
    expect(pipeline.writeNow(add('b'))).toBe(1);
    await pipeline.settled();
    expect([disk.transactions, counters.commitGroups]).toEqual([3, 2]);
  });

  it('leaves nothing behind if its work throws', async () => {
    const { disk, pipeline, notes } = begin();
    const work = () => {
      disk.run('INSERT INTO note VALUES (?)', 'a');
      refuse();
    };
    expect(() => pipeline.writeNow(work)).toThrow('refused by its work');
    expect([notes(), pipeline.settled()]).toEqual([[], undefined]);
  });

  it('[L19] reports the fault that its own write was the first to meet', () => {
    const { pipeline, fill } = begin();
    const cause = new Error('SQLITE_FULL');
    const work = () => {
      fill('the disk is full');
      throw cause;
    };
    expect(() => pipeline.writeNow(work)).toThrow(
      expect.objectContaining({ code: 'UNAVAILABLE', details: { retryAfterSeconds: 5 }, cause }),
    );
  });

  it('[I3] refuses after a group that could not be made durable', async () => {
    const { disk, failures, pipeline } = begin();
    disk.failNextSync(new Error('full'));
    pipeline.writeNow(() => {});
    await expect(pipeline.settled()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(() => pipeline.writeNow(refuse)).toThrow(expect.objectContaining({ code: 'UNAVAILABLE' }));
    expect(failures).toEqual([new Error('full')]);
  });
});

describe('a turn before a group', () => {
  it('[C2] is taken after a shared group, and what arrives meanwhile joins', async () => {
    let delivered = (): void => {};
    const { disk, pipeline, note, notes } = begin(() => new Promise((resolve) => (delivered = resolve)));
    for (const text of ['a', 'b']) note(text);
    await pipeline.settled();
    note('c');
    expect(await stateOf(pipeline.settled())).toBe('waits');
    note('d');
    expect(notes()).toEqual(['a', 'b']);
    delivered();
    await pipeline.settled();
    expect(notes()).toEqual(['a', 'b', 'c', 'd']);
    expect(disk.transactions).toBe(2);
  });

  it('[C2] is not required of a single writer', async () => {
    let turns = 0;
    const { pipeline, note, notes } = begin(async () => {
      turns += 1;
    });
    for (const text of ['a', 'b', 'c']) {
      note(text);
      await pipeline.settled();
    }
    expect(notes()).toEqual(['a', 'b', 'c']);
    expect(turns).toBe(0);
  });
});

describe('settled', () => {
  it('[I3] doesn’t wait if everything is durable', async () => {
    const { pipeline, note } = begin();
    expect(pipeline.settled()).toBeUndefined();
    note('a');
    await pipeline.settled();
    expect(pipeline.settled()).toBeUndefined();
  });

  it('[I3] waits for the sync, not for the transaction', async () => {
    const { disk, pipeline, note, notes } = begin();
    disk.hold();
    note('a');
    const settled = pipeline.settled();
    expect(await stateOf(settled)).toBe('waits');
    expect(notes()).toEqual(['a']);
    disk.release();
    expect(await stateOf(settled)).toBe('done');
  });

  it('[I3] waits for what was queued before the call, and not for later changes', async () => {
    const { disk, pipeline, note } = begin();
    disk.hold();
    note('a');
    await settle();
    const first = pipeline.settled();
    note('b');
    const second = pipeline.settled();
    disk.step();
    expect(await stateOf(first)).toBe('done');
    expect(await stateOf(second)).toBe('waits');
    disk.step();
    expect(await stateOf(second)).toBe('done');
  });

  it('[I3] of a read waits for the group being written', async () => {
    const { disk, pipeline, note } = begin();
    disk.hold();
    note('a');
    await settle();
    expect(await stateOf(pipeline.settled())).toBe('waits');
    disk.release();
  });
});

describe('a group that fails', () => {
  const fails = (disk: HandDisk, how: 'sync' | 'write', pipeline: CommitPipeline) => {
    if (how === 'sync') disk.failNextSync();
    else
      pipeline.enqueue(() => {
        throw new Error('the disk is full');
      });
  };

  it.each(['sync', 'write'] as const)(
    '[C4] at its %s reports the unknown outcome once to every waiting caller',
    async (how) => {
      const { disk, failures, pipeline, counters, note } = begin();
      note('a');
      fails(disk, how, pipeline);
      const waiters = [pipeline.settled(), pipeline.settled()];
      for (const waiter of waiters) {
        await expect(waiter).rejects.toMatchObject({ code: 'UNAVAILABLE', details: { retryAfterSeconds: 1 } });
      }
      expect(failures).toHaveLength(1);
      expect(counters.commitGroups).toBe(0);
    },
  );

  it('[C4] at a write leaves nothing of the group on the disk', async () => {
    const { disk, pipeline, note, notes } = begin();
    note('a');
    fails(disk, 'write', pipeline);
    note('b');
    await expect(pipeline.settled()).rejects.toThrow();
    expect(notes()).toEqual([]);
  });

  it('[C4] fails what was queued behind it, and writes nothing afterwards', async () => {
    const { disk, failures, pipeline, note, notes } = begin();
    disk.hold();
    note('a');
    await settle();
    note('b');
    const behind = pipeline.settled();
    disk.fail();
    await expect(behind).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(() => pipeline.settled()).toThrow('could not be confirmed');
    note('c');
    await settle();
    expect(notes()).toEqual(['a']);
    expect(failures).toHaveLength(1);
  });

  it('[C4] is reported even if no caller waits', async () => {
    const { disk, failures, note } = begin();
    disk.failNextSync(new Error('gone'));
    note('a');
    await settle();
    expect(failures).toEqual([new Error('gone')]);
  });
});

describe('close', () => {
  it('writes what is queued, and nothing from then on', async () => {
    const { disk, failures, pipeline, note, notes } = begin();
    expect([pipeline.isClosed, pipeline.hasFailed]).toEqual([false, false]);
    disk.hold();
    note('a');
    const closed = pipeline.close();
    expect(pipeline.isClosed).toBe(true);
    expect(await stateOf(closed)).toBe('waits');
    disk.release();
    await closed;
    note('b');
    await settle();
    expect([notes(), failures, pipeline.hasFailed]).toEqual([['a'], [], true]);
  });

  it('does not fail after a group that could not be made durable', async () => {
    const { disk, pipeline, note } = begin();
    disk.failNextSync(new Error('gone'));
    note('a');
    await pipeline.close();
    expect(pipeline.isClosed).toBe(true);
  });
});

it('[L19] refuses changes while nothing can be stored, and omits changes that were not promised', async () => {
  const { pipeline, disk, notes, fill } = begin();
  const offer = (text: string) => pipeline.offer(() => void disk.run('INSERT INTO note VALUES (?)', text));
  fill('the disk is full');
  expect(() => pipeline.assertStorable()).toThrow('nothing can be stored: the disk is full');
  expect([offer('a'), pipeline.settled()]).toEqual([false, undefined]);
  fill(undefined);
  pipeline.assertStorable();
  expect(offer('b')).toBe(true);
  await pipeline.settled();
  expect(notes()).toEqual(['b']);
});
