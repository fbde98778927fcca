import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { DurableSteps } from './durable-steps';

function begin() {
  const disk = new HandDisk();
  disk.run('CREATE TABLE line (text TEXT)');
  const failures: unknown[] = [];
  const armed: number[] = [];
  let fault: string | undefined;
  const fill = (why: string | undefined) => {
    fault = why;
  };
  const lines = () => disk.rows('SELECT text FROM line').map(([text]) => text);
  const steps = new DurableSteps(disk, {
    beforeSync: () => armed.push(lines().length),
    onFailure: (reason) => failures.push(reason),
    writeFault: () => fault,
  });
  const add = (text: string) => () => {
    disk.run('INSERT INTO line (text) VALUES (?)', text);
    return text;
  };
  return { disk, steps, failures, armed, lines, add, fill };
}

/** Returns whether a promise has settled. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  await new Promise((resolve) => setImmediate(resolve));
  return settled;
}

describe('DurableSteps', () => {
  it('[I3] returns a change, a read or a refusal only when the state behind it is durable', async () => {
    const { disk, steps, lines, add } = begin();
    disk.hold();
    const change = steps.change(add('a'));
    const read = steps.read(lines);
    const refused = steps.read(() => {
      throw new Error('no');
    });
    refused.catch(() => {});
    for (const answer of [change, read, refused]) expect(await isSettled(answer)).toBe(false);
    disk.release();
    expect(await change).toBe('a');
    expect(await read).toEqual(['a']);
    await expect(refused).rejects.toThrow('no');
  });

  it('[I3] waits for the state that was read, not for later changes', async () => {
    const { disk, steps, lines, add } = begin();
    disk.hold();
    const read = steps.read(lines);
    const first = steps.change(add('a'));
    const between = steps.read(lines);
    const second = steps.change(add('b'));
    disk.release();
    expect([await read, await first, await between, await second]).toEqual([[], 'a', ['a'], 'b']);
  });

  it('leaves nothing behind when a change throws', async () => {
    const { steps, lines, add, armed } = begin();
    await expect(
      steps.change(() => {
        add('a')();
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(lines()).toEqual([]);
    expect(armed).toEqual([]);
    await steps.change(add('b'));
    expect(lines()).toEqual(['b']);
    expect(armed).toEqual([1]);
  });

  it('[L19] refuses the change that finds the disk full like those that follow, and leaves nothing behind', async () => {
    const { disk, steps, failures, lines, add, fill } = begin();
    const full = new Error('database or disk is full');
    disk.failWrites(full);
    const meets = () => {
      add('a')();
      // The host notes the fault with the write that fails.
      fill(full.message);
    };
    await expect(steps.change(meets)).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: full });
    expect(steps.canStore).toBe(false);
    await expect(steps.change(add('b'))).rejects.toMatchObject({ code: 'UNAVAILABLE', cause: undefined });
    expect([await steps.read(lines), failures]).toEqual([[], []]);
    disk.failWrites(undefined);
    fill(undefined);
    expect([await steps.change(add('c')), lines()]).toEqual(['c', ['c']]);
  });

  it('returns UNAVAILABLE after a failed sync, and reports the failure once', async () => {
    const { disk, steps, failures, lines, add } = begin();
    disk.failNextSync(new Error('full'));
    await expect(steps.change(add('a'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(steps.change(add('b'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(steps.read(lines)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(failures).toEqual([new Error('full')]);
  });
});
