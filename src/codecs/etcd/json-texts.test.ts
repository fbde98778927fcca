import { describe, expect, it } from 'vitest';
import { everyRow } from '../../../test/fixtures/every-row';
import { JsonTexts } from './json-texts';

/** Texts that pieces of a text are split into, and the error at the end. */
function split(pieces: readonly string[], maxCharacters = 100): string[] {
  const texts = new JsonTexts(maxCharacters);
  const found: string[] = [];
  try {
    for (const piece of pieces) for (const text of texts.push(piece)) found.push(text);
    texts.end();
  } catch (error) {
    found.push((error as Error).message); // `as`: only errors are thrown
  }
  return found;
}

describe('JsonTexts', () => {
  it('splits objects, wherever the pieces of the text end', () =>
    everyRow(
      [
        ['', []],
        [' \r\n\t', []],
        ['{}', ['{}']],
        ['{}{"a":{"b":{}}} \n{} ', ['{}', '{"a":{"b":{}}}', '{}']],
        ['{"}{\\"\\\\":"\\\\\\"}"}{}', ['{"}{\\"\\\\":"\\\\\\"}"}', '{}']],
        ['{"a":[{"b":1}]', ['unexpected EOF']],
        ['{"a":"}', ['unexpected EOF']],
        ['{}x', ['{}', "invalid character 'x' looking for beginning of value"]],
        ['[{}]', ["invalid character '[' looking for beginning of value"]],
        ['{}}', ['{}', "invalid character '}' looking for beginning of value"]],
      ] as const,
      ([text, expected]) => {
        expect(split([text])).toEqual(expected);
        expect(split([...text])).toEqual(expected);
        for (let at = 0; at < text.length; at++) expect(split([text.slice(0, at), text.slice(at)])).toEqual(expected);
      },
    ));

  it('refuses an object that is too long before it ends', () => {
    expect(split(['{}'.repeat(20)], 10)).toHaveLength(20);
    expect(split(['{"a":', '"12345"', '}'], 10)).toEqual(['etcdserver: request is too large']);
    expect(split(['{"a":1234}'], 10)).toEqual(['{"a":1234}']);
  });
});
