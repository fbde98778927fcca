import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { paintFor } from './palette';
import { fitted, padded, printable, tableLines } from './table';

const plain = paintFor(false);

it('[K4] aligns columns by their width on a terminal, numbers to the right', () => {
  const rows = [
    ['orders', 12, 'DEFAULT_GROUP'],
    ['注文', 1_234, '🚀'],
    ['nai\u0308ve', 3, 'x'],
  ];
  expect(tableLines({ titles: ['SERVICE', 'INSTANCES', 'GROUP'], rows }, plain)).toEqual([
    'SERVICE  INSTANCES  GROUP',
    'orders          12  DEFAULT_GROUP',
    '注文         1,234  🚀',
    'nai\u0308ve            3  x',
  ]);
});

it('aligns no column by a very long cell, which stays whole', () => {
  const long = 'k'.repeat(4_096);
  const table = {
    titles: ['KEY', 'BYTES'],
    rows: [
      ['config/db', 1],
      [long, 2],
    ],
  };
  for (const room of [80, undefined]) {
    expect(tableLines(table, plain, room)).toEqual(['KEY        BYTES', 'config/db      1', `${long}      2`]);
  }
});

it('colours texts, and measures them without codes', () => {
  const rows = [
    [{ text: 'up', tone: 'good' as const }, 'a'],
    [{ text: 'draining', tone: 'warning' as const }, 'b'],
  ];
  expect(tableLines({ rows }, paintFor(true))).toEqual([
    '\u001b[32mup      \u001b[39m  a',
    '\u001b[33mdraining\u001b[39m  b',
  ]);
});

describe('[K34] a table on a narrow terminal', () => {
  const rows = [['orders-1', '10.0.0.7:8080', '', 'version=2.1.0 zone=a']];
  const table = { titles: ['ID', 'ADDRESS', 'VERSION', 'METADATA'], rows, spare: [3, 2] };

  it('leaves out empty columns, then truncates the least useful one', () => {
    expect(tableLines(table, plain)).toEqual([
      'ID        ADDRESS        VERSION  METADATA',
      'orders-1  10.0.0.7:8080           version=2.1.0 zone=a',
    ]);
    expect(tableLines(table, plain, 46)).toEqual([
      'ID        ADDRESS        METADATA',
      'orders-1  10.0.0.7:8080  version=2.1.0 zone=a',
    ]);
    expect(tableLines(table, plain, 40)).toEqual([
      'ID        ADDRESS        METADATA',
      'orders-1  10.0.0.7:8080  version=2.1.0 …',
    ]);
  });

  it('then leaves it out, and keeps ids and addresses whole at any width', () => {
    for (const room of [32, 30, 5]) {
      expect(tableLines(table, plain, room)).toEqual(['ID        ADDRESS', 'orders-1  10.0.0.7:8080']);
    }
  });

  it('continues with the next spare column', () => {
    const full = { ...table, rows: [['orders-1', '10.0.0.7:8080', '2.1.0', 'version=2.1.0']] };
    expect(tableLines(full, plain, 33)).toEqual(['ID        ADDRESS        VERSION', 'orders-1  10.0.0.7:8080  2.1.0']);
    expect(tableLines(full, plain, 25)).toEqual(['ID        ADDRESS', 'orders-1  10.0.0.7:8080']);
  });
});

it('[K4] never sends a control character to the terminal', () => {
  expect(tableLines({ rows: [['a\u001b[2Jb', 'c']] }, plain)).toEqual(['a\\x1b[2Jb  c']);
});

it('prints rows of different lengths, and an empty table', () => {
  expect(tableLines({ rows: [['a'], ['b', 'c']] }, plain)).toEqual(['a', 'b  c']);
  expect(tableLines({ titles: ['ID'], rows: [] }, plain)).toEqual(['ID']);
});

it('measures texts in terminal cells', () =>
  eachRow(
    [
      ['naïve', 5],
      ['nai\u0308ve', 5],
      ['注文', 4],
      ['ﾊﾝｶｸ', 4],
      ['ＡＢ', 4],
      ['🚀', 2],
      ['👩‍👩‍👧‍👦', 2],
      ['🇩🇪', 2],
      ['❤️', 2],
      ['a\u200bb', 2],
      ['✓', 1],
    ],
    (text, width) => {
      expect(padded(text, 10, 'left')).toBe(`${text}${' '.repeat(10 - width)}`);
    },
  ));

describe('fitted', () => {
  it('keeps short texts, and marks a cut with an ellipsis', () => {
    expect(fitted('orders', 6)).toBe('orders');
    expect(fitted('orders', 5)).toBe('orde…');
    expect(fitted('orders', 0)).toBe('');
  });

  it('cuts between characters, never within one', () => {
    expect(fitted('注文受付', 6)).toBe('注文…');
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
