import { describe, expect, it } from 'vitest';
import { readJsonText } from '../../../model/json';
import { LIST_TEXT_MAX_BYTES } from '../../../model/limits';
import { listText, textPage } from './text-page';

const itself = (item: string) => item;

describe('textPage', () => {
  it('[V8] ends before its text exceeds the limit, and continues from its last item', () => {
    const half = (letter: string) => letter + '"'.repeat((LIST_TEXT_MAX_BYTES - 1_000) / 4);
    const items = ['a', 'b', 'c'].map(half);
    const page = textPage(items, { placeOf: (item) => item[0] ?? '' });
    expect([JSON.parse(page.text).length, page.next]).toEqual([2, 'b']);
    expect(textPage(items, { limit: 1, placeOf: (item) => item[0] ?? '' }).next).toBe('a');
    expect(textPage(items.slice(2), { placeOf: itself }).next).toBeUndefined();
  });

  it('[V8] counts bytes, not characters', () => {
    const third = 'ü'.repeat(LIST_TEXT_MAX_BYTES / 6);
    expect(JSON.parse(textPage([third, third, third], { placeOf: itself }).text)).toHaveLength(2);
  });

  it('[V8] contains an item even if that alone is too large, so that reading makes progress', () => {
    const long = 'x'.repeat(LIST_TEXT_MAX_BYTES);
    expect(JSON.parse(textPage([long, 'y'], { placeOf: itself }).text)).toEqual([long]);
    expect(textPage([], { placeOf: itself })).toEqual({ text: '[]', next: undefined });
  });
});

it('listText joins a page and its other members', () => {
  const cases = [
    [{}, undefined, '{"things":["a"]}'],
    [{}, 'a', '{"things":["a"],"next":"a"}'],
    [{ more: 1, none: undefined }, undefined, '{"things":["a"],"more":1}'],
  ] as const;
  for (const [others, next, text] of cases) {
    expect(listText('things', { text: '["a"]', next }, others)).toBe(text);
    expect(readJsonText(text)).toBeDefined();
  }
});
