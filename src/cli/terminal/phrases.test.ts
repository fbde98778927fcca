import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { counted, durationText, relativeText, spanText, withRelativeTimes } from './phrases';

const NOW = Date.parse('2026-11-20T12:00:00.000Z');
const SECOND = 1_000;
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;

it('formats durations as options accept them', () =>
  eachRow(
    [
      [1, '1ms'],
      [1_500, '1500ms'],
      [90_000, '90s'],
      [300_000, '5m'],
      [86_400_000, '1d'],
    ],
    (ms, text) => {
      expect(durationText(ms)).toBe(text);
    },
  ));

it('rounds durations to a whole unit', () =>
  eachRow(
    [
      [0, '0 s'],
      [499, '0 s'],
      [59.4 * SECOND, '59 s'],
      [59.6 * SECOND, '1 min'],
      [59.6 * MINUTE, '1 h'],
      [47 * HOUR, '47 h'],
      [48 * HOUR, '2 d'],
      [400 * DAY, '400 d'],
    ],
    (ms, text) => {
      expect(spanText(ms)).toBe(text);
    },
  ));

it('[K33] formats times relative to now, and leaves other text alone', () =>
  eachRow(
    [
      [NOW - 3 * MINUTE, '3 min ago'],
      [NOW + 12 * SECOND, 'in 12 s'],
      [NOW - 100, 'now'],
      [NOW + 100, 'now'],
    ],
    (at, text) => {
      expect(relativeText(new Date(at).toISOString(), NOW)).toBe(text);
      expect(relativeText('never', NOW)).toBe('never');
    },
  ));

it('replaces every time in a sentence', () => {
  const sentence = 'a was drained at 2026-11-20T11:57:00.000Z by ops, and removed at 2026-11-20T11:59:48.000Z';
  expect(withRelativeTimes(sentence, NOW)).toBe('a was drained 3 min ago by ops, and removed 12 s ago');
});

it('counts one thing in the singular', () => {
  expect(counted(1, 'instance')).toBe('1 instance');
  expect(counted(0, 'instance')).toBe('0 instances');
  expect(counted(2, 'entry', 'entries')).toBe('2 entries');
});
