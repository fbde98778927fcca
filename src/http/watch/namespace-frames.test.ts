import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addressed, changesFrames } from '../../core/namespace/watch/watch-frames';
import { FRAME_PART_MAX_BYTES } from '../../model/limits';
import { headOf, readFrameHead, readNamespaceFrame, refusalIn, type WatchFrame } from './namespace-frames';

const snapshot: WatchFrame = { type: 'snapshot', watch: 'stream', cursor: 'cE.1.x', revision: 1, services: [] };

/** The head of a frame that is parsed as a whole. */
const parsedHead = (text: string) => headOf(readNamespaceFrame(text) as WatchFrame);

/** Texts of clients and operators, some of which look like the rest of a head. */
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('","last":false,"changes":[', '\\', '"', '{}'));

describe('readFrameHead', () => {
  it('[E1] reads the head of a frame like a full parse, with any content', () => {
    fc.assert(
      fc.property(text, text, text, fc.boolean(), (watch, actor, content, isLong) => {
        const commit = { revision: 7, cursor: 'cE.7.x-Y_', cause: 'register', actor, at: 0 };
        const changeText = JSON.stringify({ content, padding: 'x'.repeat(isLong ? FRAME_PART_MAX_BYTES : 0) });
        const change = { of: { group: 'DEFAULT_GROUP', service: 'orders' }, text: changeText };
        for (const frame of changesFrames(commit, isLong ? [change, change] : [change])) {
          const whole = addressed('changes', watch, frame);
          expect(readFrameHead(whole)).toEqual(parsedHead(whole));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('[E1] returns the cursor only for a frame that completes it, not for an earlier part', () => {
    const frames: WatchFrame[] = [
      snapshot,
      { ...snapshot, part: 0, last: false },
      { ...snapshot, part: 1, last: true },
      { type: 'bookmark', watch: 'stream', cursor: 'cE.1.x' },
      { type: 'reset', watch: 'stream', reason: 'unknown' },
    ];
    expect(frames.map((frame) => headOf(frame).cursor)).toEqual(['cE.1.x', undefined, 'cE.1.x', 'cE.1.x', undefined]);
    const { services, ...head } = snapshot;
    for (const place of [{}, { part: 0, last: false }, { part: 1, last: true }]) {
      const written = JSON.stringify({ ...head, ...place, services });
      expect(readFrameHead(written)).toEqual(parsedHead(written));
    }
  });

  it('leaves other frames, and heads in another format, to the full parse', () => {
    const others = [
      { type: 'bookmark', watch: 'stream', cursor: 'cE.1.x' },
      { type: 'answer', id: '1', body: {} },
      { type: 'snapshot', watch: 'stream', cursor: 'cE.1.x', added: true, revision: 1, services: [] },
      { type: 'snapshot', watch: 'stream', cursor: 'cE.1.x', revision: 1, added: true, services: [] },
      { watch: 'stream', type: 'snapshot', cursor: 'cE.1.x', revision: 1, services: [] },
    ];
    for (const frame of others) expect(readFrameHead(JSON.stringify(frame)), JSON.stringify(frame)).toBeUndefined();
  });
});

it('[W15] an error keeps its code, message and members through a socket', () => {
  const errors = [{ path: 'scope.services', message: 'must not be empty' }];
  const frame = readNamespaceFrame(
    JSON.stringify({ type: 'error', id: '1', code: 'INVALID_REQUEST', detail: 'no', errors }),
  );
  if (frame.type !== 'error') throw new Error('expected an error frame');
  expect(refusalIn(frame)).toMatchObject({ code: 'INVALID_REQUEST', message: 'no', details: { errors } });
  expect(refusalIn({ type: 'error', code: 'FORBIDDEN', detail: 'no' }).details).toEqual({});
});
