import { describe, expect, it } from 'vitest';
import { fitted, padded, printable, textWidth } from './text-width';

describe('textWidth', () => {
  it.each([
    ['orders', 6],
    ['', 0],
    ['naïve', 5],
    ['nai\u0308ve', 5],
    ['注文', 4],
    ['한국어', 6],
    ['ﾊﾝｶｸ', 4],
    ['ＡＢ', 4],
    ['🚀', 2],
    ['👩‍👩‍👧‍👦', 2],
    ['🇩🇪', 2],
    ['❤️', 2],
    ['a\u200bb', 2],
    ['✓', 1],
  ])('%j fills %i cells', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

describe('fitted', () => {
  it('keeps what fits, and tells by an ellipsis what it cut', () => {
    expect(fitted('orders', 6)).toBe('orders');
    expect(fitted('orders', 5)).toBe('orde…');
    expect(fitted('orders', 0)).toBe('');
  });

  it('cuts between signs, never through one', () => {
    expect(fitted('注文受付', 6)).toBe('注文…');
    expect(textWidth(fitted('注文受付', 6))).toBe(5);
    expect(fitted('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3)).toBe('👩‍👩‍👧‍👦…');
  });
});

it('padded fills up to the width of a terminal, not to the length of the text', () => {
  expect(padded('注文', 6, 'left')).toBe('注文  ');
  expect(padded('42', 4, 'right')).toBe('  42');
  expect(padded('longer', 2, 'left')).toBe('longer');
});

it('printable shows control characters instead of sending them to the terminal', () => {
  expect(printable('\u001b[31mred\n')).toBe('\\x1b[31mred\\x0a');
  expect(printable('a\u202eb')).toBe('a\\u202eb');
  expect(printable('\u009b2J')).toBe('\\x9b2J');
  expect(printable('注文 🚀')).toBe('注文 🚀');
});
