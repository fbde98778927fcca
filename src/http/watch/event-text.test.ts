import { expect, it } from 'vitest';
import { eventText, KEEPALIVE_TEXT, retryText, type WatchFrame } from './event-text';

const snapshot: WatchFrame = { type: 'snapshot', watch: 'stream', cursor: 'cE.1.x', revision: 1, services: [] };
const textOf = (frame: WatchFrame) => eventText(frame, JSON.stringify(frame));

it('[E1] has the frame as it came as data, on one line', () => {
  const text = '{"type": "bookmark", "watch":"stream","cursor":"cE.1.x","more":"a\\nb\u2028"}';
  expect(eventText(JSON.parse(text), text)).toBe(`event: bookmark\nid: cE.1.x\ndata: ${text}\n\n`);
});

it('[E1] has the cursor as id where it counts', () => {
  const frames: WatchFrame[] = [
    snapshot,
    { ...snapshot, part: 0, last: false },
    { ...snapshot, part: 1, last: true },
    { type: 'bookmark', watch: 'stream', cursor: 'cE.1.x' },
    { type: 'reset', watch: 'stream', reason: 'unknown' },
  ];
  expect(frames.map((frame) => /^id: (.*)$/m.exec(textOf(frame))?.[1])).toEqual([
    'cE.1.x',
    undefined,
    'cE.1.x',
    'cE.1.x',
    undefined,
  ]);
});

it('[E4, E5] says when to come back, and keeps alive, in words that are no events', () => {
  expect(retryText(250)).toBe('retry: 250\n\n');
  expect(KEEPALIVE_TEXT).toMatch(/^:.*\n\n$/);
});
