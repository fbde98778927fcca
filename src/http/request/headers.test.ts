import { describe, expect, it } from 'vitest';
import { READ_WAIT_DEFAULT_MS, WAIT_MAX_MS } from '../../model/limits';
import { preferredWaitMs, readCondition, readPrecondition } from './headers';

describe('readCondition', () => {
  it.each([
    [{}, undefined],
    [{ 'if-none-match': '"cE.1.x"' }, 'cE.1.x'],
    [{ 'if-none-match': ' W/"cE.1.x" ' }, 'cE.1.x'],
    [{ 'if-match': '"cE.1.x"' }, undefined],
  ])('reads %j as %j', (headers, cursor) => expect(readCondition(new Headers(headers))).toBe(cursor));

  it.each(['cE.1.x', '*', '', '""', '"a", "b"', '"a', "'a'", 'w/"a"', '"a"b'])('refuses If-None-Match: %s', (tag) =>
    expect(() => readCondition(new Headers({ 'if-none-match': tag }))).toThrowError(
      /If-None-Match: must be one entity tag/,
    ),
  );
});

describe('readPrecondition', () => {
  it.each([
    [{}, {}],
    [{ 'if-match': '"cE.1.x"' }, { cursor: 'cE.1.x' }],
    [{ 'if-match': 'W/"cE.1.x"' }, { cursor: 'cE.1.x' }],
    [{ 'if-match': '*' }, { absent: false }],
    [{ 'if-none-match': '*' }, { absent: true }],
  ])('[Q4] reads %j as %j', (headers, precondition) =>
    expect(readPrecondition(new Headers(headers))).toEqual(precondition),
  );

  it.each([
    [{ 'if-none-match': '"cE.1.x"' }, 'of a change must be *'],
    [{ 'if-match': 'cE.1.x' }, 'must be one entity tag'],
    [{ 'if-match': '"a", "b"' }, 'must be one entity tag'],
    [{ 'if-match': '' }, 'must be one entity tag'],
    [{ 'if-match': '*', 'if-none-match': '*' }, 'contradicts If-Match'],
  ])('[Q4] refuses %j: %s', (headers, said) => expect(() => readPrecondition(new Headers(headers))).toThrowError(said));
});

describe('preferredWaitMs', () => {
  const wished = (prefer: string) => preferredWaitMs(new Headers({ prefer }));

  it('[P2] takes a wait in seconds among other preferences', () => {
    for (const [prefer, waitMs] of [
      ['wait=30', 30_000],
      ['wait=0', 0],
      ['Wait = 5', 5_000],
      ['wait="7"', 7_000],
      ['respond-async, wait=10', 10_000],
      ['wait=10;why=slow, handling=lenient', 10_000],
      ['wait', READ_WAIT_DEFAULT_MS],
      ['wait=999999999', WAIT_MAX_MS],
    ] as const) {
      expect(wished(prefer), prefer).toBe(waitMs);
    }
  });

  it('[P2] leaves alone whatever is no such wait', () => {
    for (const prefer of [
      '',
      'return=minimal',
      'wait=soon',
      'wait=-1',
      'wait=1.5',
      'await=5',
      'x=wait',
      'wait=5 minutes',
    ]) {
      expect(wished(prefer), prefer).toBeUndefined();
    }
  });

  it('[P3] wishes nothing without the header', () => {
    expect(preferredWaitMs(new Headers())).toBeUndefined();
  });
});
