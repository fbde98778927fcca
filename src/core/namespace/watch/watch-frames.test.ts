import { describe, expect, it } from 'vitest';
import { ServerFrame } from '../../../model/frames';
import { FRAME_PART_MAX_BYTES } from '../../../model/limits';
import { addressed, changesFrames, SharedFrames } from './watch-frames';

const told = { revision: 7, cursor: 'cepoch.7.1', cause: 'updated', actor: 'owner', at: Date.UTC(2030, 0, 1) };
const change = (id: string) => JSON.stringify({ type: 'delete', kind: 'instance', group: 'g', service: 's', id });

const framesOf = (changes: string[]) =>
  changesFrames(told, changes).map((frame) => {
    const parsed = ServerFrame.parse(JSON.parse(addressed('changes', 'all "mine"', frame)));
    if (parsed.type !== 'changes') throw new Error('it is no frame of changes');
    return parsed;
  });

describe('changesFrames', () => {
  it('makes one frame of a revision, for the watch it is addressed to', () => {
    const changes = ['a', 'b'].map((id) => JSON.parse(change(id)));
    expect(framesOf(['a', 'b'].map(change))).toEqual([
      { type: 'changes', watch: 'all "mine"', ...told, at: '2030-01-01T00:00:00.000Z', changes },
    ]);
  });

  it('[W2] makes parts of a large one: none is much larger, and all of it is in them, in order', () => {
    const changes = Array.from({ length: 20 }, (_, index) => change(String(index).padEnd(50_000, '-')));
    const frames = framesOf(changes);
    expect(frames.map(({ part, last }) => [part, last])).toEqual([
      [0, false],
      [1, false],
      [2, false],
      [3, true],
    ]);
    expect(new Set(frames.map(({ cursor }) => cursor))).toEqual(new Set([told.cursor]));
    expect(frames.flatMap((frame) => frame.changes.map((each) => JSON.stringify(each)))).toEqual(changes);
    for (const frame of frames) expect(JSON.stringify(frame.changes).length).toBeLessThan(FRAME_PART_MAX_BYTES + 100);
  });

  it('[W2] lets one change be larger than a part', () => {
    const frames = framesOf([change('a'), change('b'.repeat(FRAME_PART_MAX_BYTES)), change('c')]);
    expect(frames.map(({ changes }) => changes.length)).toEqual([1, 1, 1]);
  });
});

describe('SharedFrames', () => {
  it('are addressed to each watch by its own name, whoever came before', () => {
    const frames = changesFrames(told, [change('a'.repeat(FRAME_PART_MAX_BYTES)), change('b')]);
    const shared = new SharedFrames(frames);
    for (const watch of ['w', 'w', 'v', 'w']) {
      expect(shared.addressedTo(watch)).toEqual(frames.map((frame) => addressed('changes', watch, frame)));
    }
  });

  it('are made once for neighbours of one name', () => {
    const shared = new SharedFrames(changesFrames(told, [change('a')]));
    expect(shared.addressedTo('w')).toBe(shared.addressedTo('w'));
  });
});
