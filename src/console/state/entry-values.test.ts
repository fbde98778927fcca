import { expect, it } from 'vitest';
import { hexHead, isEditable, textOf, withBreaksOf } from './entry-values';

it('a value is text unless it has control characters or is not UTF-8', () => {
  expect(textOf({ value: '{"a":\t1}\r\n' })).toBe('{"a":\t1}\r\n');
  expect(textOf({ value: 'a\u0000' })).toBeUndefined();
  expect(textOf({ valueBase64: btoa('\u00ff') })).toBeUndefined();
});

it('the first bytes of a binary value are shown as hexadecimal numbers', () => {
  expect(hexHead({ valueBase64: btoa('\u0000\u00ffabc') })).toBe('00 ff 61 62 63');
  expect(hexHead({ value: '\u0000é' })).toBe('00 c3 a9');
  const lines = hexHead({ valueBase64: btoa('\u0001'.repeat(1_000)) }).split('\n');
  expect([lines.length, lines[0]?.length, lines.at(-1)?.length]).toEqual([16, 47, 47]);
  expect(hexHead({ value: `\u0000${'é'.repeat(300)}` }).split('\n')).toHaveLength(16);
});

it('a value is edited only if its line breaks survive that', () => {
  expect(isEditable({ value: 'a\nb' })).toBe(true);
  expect(isEditable({ value: 'a\r\nb\r\n' })).toBe(true);
  expect(isEditable({ value: 'a\r\nb\n' })).toBe(false);
  expect(isEditable({ value: 'a\rb' })).toBe(false);
  expect(isEditable({ value: '\u0000' })).toBe(false);
  expect(withBreaksOf('a\r\nb', 'a\nc\nd')).toBe('a\r\nc\r\nd');
  expect(withBreaksOf('a\nb', 'a\nc')).toBe('a\nc');
});
