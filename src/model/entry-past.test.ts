import { describe, expect, it } from 'vitest';
import { utf8ByteString } from './bytes';
import { intervalText } from './entry-past';
import { intervalOf, intervalOfPrefix } from './key-interval';

describe('the text of keys in the audit trail', () => {
  it.each([
    [intervalOf('config/db'), 'kv/config/db'],
    [intervalOfPrefix('config/'), 'kv/config/*'],
    [{ from: '' }, 'kv/*'],
    [{ from: 'a', to: 'c' }, 'kv/a to c'],
    [{ from: 'a' }, 'kv/a to the last key'],
    [intervalOf('\u00ff'), 'kv/base64:/w=='],
  ])('describes %j', (interval, text) => {
    expect(intervalText(interval)).toBe(text);
  });

  it('has no NUL, at which a reader may cut it', () => {
    expect(intervalText(intervalOf('config\u0000other'))).toBe(`kv/base64:${btoa('config\u0000other')}`);
    expect(intervalText({ from: 'a', to: 'b\u0000' })).toBe(`kv/a to base64:${btoa('b\u0000')}`);
  });

  it('is short for long keys', () => {
    const text = intervalText({ from: utf8ByteString(`k${'😀'.repeat(1_000)}`), to: '\u00ff'.repeat(4_096) });
    expect(text.length).toBeLessThan(1_100);
    expect(text.isWellFormed()).toBe(true);
  });
});
