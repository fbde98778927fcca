import { describe, expect, it } from 'vitest';
import { encodeCursor } from '../../model/cursor';
import { RegistryError } from '../../model/errors';
import { CLOSE_CODES } from '../../model/frames';
import type { SocketListener } from '../../model/namespace-sockets';
import type { EntryChange, EntryWatchListener } from './etcd-namespace';
import { FrameWatches } from './frame-watches';

/** A socket as the namespace has it. */
interface Opened {
  listener: SocketListener;
  sent: Record<string, unknown>[];
}

/** Watches over sockets that the test answers, and the calls of the listener of each watch. */
class Bench {
  readonly opened: Opened[] = [];
  readonly heard: string[] = [];
  /** Changes that watches were passed, as the same arrays. */
  readonly passed: (readonly EntryChange[])[] = [];
  /** Thrown when a socket is opened. */
  failure: RegistryError | undefined;
  readonly watches = new FrameWatches(async (listener) => {
    if (this.failure !== undefined) throw this.failure;
    const sent: Opened['sent'] = [];
    this.opened.push({ listener, sent });
    return { send: (text) => void sent.push(JSON.parse(text)), close: () => {} };
  });
  readonly listener: EntryWatchListener = {
    begun: (revision) => this.heard.push(`begun ${revision}`),
    changed: (revision, changes) => {
      this.passed.push(changes);
      this.heard.push(`${revision} ${changes.map(({ key }) => key).join()}`);
    },
    reached: (revision) => this.heard.push(`reached ${revision}`),
    ended: ({ kind }) => this.heard.push(kind),
  };

  watch(after?: number) {
    return this.watches.watch({ interval: { from: 'a', to: 'z' }, after, previous: false }, this.listener);
  }

  frame(at: number, frame: object): void {
    this.opened[at]?.listener.frame(JSON.stringify(frame));
  }

  changes(at: number, revision: number, key: string, part: object = {}): void {
    const changes = [{ kind: 'entry', type: 'put', key, after: { value: '' } }];
    this.frame(at, { type: 'changes', watch: '0', cursor: 'unread', revision, changes, ...part });
  }

  /** Closes a socket whose reader is slow, and waits until another one could be open. */
  async tooSlow(at: number): Promise<void> {
    this.opened[at]?.listener.closed(CLOSE_CODES.slowConsumer);
    await this.settled();
  }

  async settled(): Promise<void> {
    for (let turns = 0; turns < 5; turns++) await Promise.resolve();
  }
}

describe('[EW7] a watch whose socket was closed because it reads slowly', () => {
  it('goes on after the last revision of which it has all parts', async () => {
    const bench = new Bench();
    bench.watch();
    await bench.settled();
    bench.frame(0, { type: 'answer', id: '0', body: { reconnectWithinMs: 0, revision: 4 } });
    bench.changes(0, 5, 'b');
    bench.changes(0, 6, 'c', { part: 0, last: false });
    await bench.tooSlow(0);
    expect(bench.opened[1]?.sent).toMatchObject([{ type: 'watch', afterRevision: 5 }]);
    bench.frame(1, { type: 'answer', id: '0', body: { reconnectWithinMs: 0, revision: 9 } });
    bench.changes(1, 6, 'c', { part: 0, last: false });
    bench.changes(1, 6, 'd', { part: 1, last: true });
    expect(bench.heard).toEqual(['begun 4', '5 b', '6 c,d']);
  });

  it('repeats its requests for progress that have no answer', async () => {
    const bench = new Bench();
    const watch = bench.watch(2);
    await bench.settled();
    bench.changes(0, 5, 'b');
    watch.sync();
    watch.sync();
    bench.frame(0, { type: 'bookmark', watch: '0', cursor: encodeCursor({ epoch: 'epoch', revision: 7, check: 0 }) });
    await bench.tooSlow(0);
    expect(bench.opened[1]?.sent).toMatchObject([{ type: 'watch', afterRevision: 7 }, { type: 'sync' }]);
    expect(bench.opened[1]?.sent).toHaveLength(2);
  });

  it('waits until its client reads again', async () => {
    const bench = new Bench();
    bench.watch(2);
    const closed = bench.watch(2);
    await bench.settled();
    bench.changes(0, 5, 'b');
    bench.watches.pause();
    await bench.tooSlow(0);
    expect(bench.opened).toHaveLength(1);
    closed.close();
    bench.watches.resume();
    await bench.settled();
    expect(bench.opened[1]?.sent).toMatchObject([{ type: 'watch', afterRevision: 5 }]);
  });

  it('is lost if that socket has delivered nothing', async () => {
    const bench = new Bench();
    bench.watch(2);
    await bench.settled();
    bench.changes(0, 5, 'b');
    await bench.tooSlow(0);
    await bench.tooSlow(1);
    expect(bench.opened).toHaveLength(2);
    expect(bench.heard).toEqual(['5 b', 'lost']);
  });
});

describe('[EW4] a watch', () => {
  it.each([
    ['UNAVAILABLE', 'lost'],
    ['FORBIDDEN', 'refused'],
  ] as const)('whose socket does not open, with the code %s, is %s', async (code, kind) => {
    const bench = new Bench();
    bench.failure = new RegistryError(code, 'no');
    bench.watch();
    await bench.settled();
    expect(bench.heard).toEqual([kind]);
  });

  it.each([
    ['UNAVAILABLE', 'lost'],
    ['FORBIDDEN', 'refused'],
  ] as const)('that the registry refuses with the code %s is %s', async (code, kind) => {
    const bench = new Bench();
    bench.watch();
    await bench.settled();
    bench.frame(0, { type: 'error', id: '0', code, detail: 'no' });
    expect(bench.heard).toEqual([kind]);
  });
});

it('passes the same changes to all watches that are sent them, and other ones to the rest', async () => {
  const bench = new Bench();
  for (let count = 0; count < 3; count++) bench.watch(1);
  await bench.settled();
  bench.changes(0, 5, 'b', { watch: '0' });
  bench.changes(0, 5, 'b', { watch: '1' });
  bench.changes(0, 5, 'c', { watch: '2' });
  bench.changes(0, 6, 'b', { watch: '0' });
  expect(bench.heard).toEqual(['5 b', '5 b', '5 c', '6 b']);
  const [first, second, other, later] = bench.passed;
  expect([second === first, other === first, later === first]).toEqual([true, false, false]);
});
