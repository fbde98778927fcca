import { describe, expect, it } from 'vitest';
import { eventText, KEEPALIVE_TEXT } from '../../http/watch/event-stream';
import { headOf } from '../../http/watch/namespace-frames';
import { EventParser } from './stream-source';

const bookmark = { type: 'bookmark', watch: 'stream', cursor: 'cE.1.x' } as const;
const text = `retry: 412\n\n${KEEPALIVE_TEXT}${eventText(headOf(bookmark), JSON.stringify(bookmark))}`;
const events = [
  { type: '', data: '', retryMs: 412 },
  { type: 'bookmark', data: JSON.stringify(bookmark), retryMs: undefined },
];

describe('an event stream', () => {
  it('is parsed as the registry writes it', () => {
    expect(new EventParser().take(text)).toEqual(events);
  });

  it('is parsed in chunks split anywhere', () => {
    for (let at = 0; at <= text.length; at++) {
      const parser = new EventParser();
      expect([...parser.take(text.slice(0, at)), ...parser.take(text.slice(at))]).toEqual(events);
    }
    const parser = new EventParser();
    expect(Array.from(text, (letter) => parser.take(letter)).flat()).toEqual(events);
  });

  it('is parsed with the line ends of a proxy', () => {
    expect(new EventParser().take(text.replaceAll('\n', '\r\n'))).toEqual(events);
  });

  it('has data with colons, with one space or none before it, and names without data', () => {
    expect(new EventParser().take('event:changes\ndata:  {"at":"12:00"}\n\n')).toEqual([
      { type: 'changes', data: ' {"at":"12:00"}', retryMs: undefined },
    ]);
    expect(new EventParser().take('data\n\nid: 7\n\n: hello\n\n')).toEqual([]);
  });
});
