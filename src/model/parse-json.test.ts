import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPlainKey, parseJson } from './parse-json';

describe('parseJson', () => {
  it.each([
    ['{"a":1,"\\u00e9":2}', { a: 1, é: 2 }],
    ['{"a" : {"\\/x" :"\\\\\\"\\n"}}', { a: { '/x': '\\"\n' } }],
    ['["\\\\:", "a:\\"b\\":"]', ['\\:', 'a:"b":']],
    ['"\\u0041"', 'A'],
    ['{}', {}],
  ])('reads %s as every parser does', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  it.each(['{"\\\\":1}', '{"a\\"b":1}', '{"x":[{"\\u0000":1}]}', '{"\\n" : 1}', '{"\\ud800":1}'])(
    'refuses the key in %s',
    (text) => {
      expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
    },
  );

  it.each(['{', '{"a\\":1}', '"\\x"', '{"\\x":1}', ''])('finds that %s is not JSON', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('is not led astray by keys that were parsed before', () => {
    expect(() => parseJson('{"a":1,"\\\\":2}')).toThrow('backslash');
    expect(parseJson('{"a":1,"\\u00e9":2}')).toEqual({ a: 1, é: 2 });
  });

  it('reads whatever JSON.stringify writes with keys that can stand as they are', () => {
    const key = fc.string({ unit: 'grapheme' }).filter((name) => isPlainKey(name) && name !== '__proto__');
    const value = fc.letrec((tie) => ({
      any: fc.oneof(fc.string(), fc.integer(), fc.array(tie('any'), { maxLength: 3 }), fc.dictionary(key, tie('any'))),
    })).any;
    fc.assert(
      fc.property(value, (any) => {
        const text = JSON.stringify(any);
        expect(parseJson(text)).toEqual(JSON.parse(text));
        expect(parseJson(escaped(text))).toEqual(JSON.parse(text));
      }),
    );
  });
});

/** The same JSON as clients write it that keep to ASCII. */
function escaped(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
