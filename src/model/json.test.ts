import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readStrictJson } from '../../test/fixtures/strict-json';
import { isPlainKey, jsonProblem, parseJson } from './json';
import { EXTENSIONS_MAX_DEPTH_COUNT } from './limits';

const nested = (levels: number): unknown => JSON.parse('['.repeat(levels) + ']'.repeat(levels));

describe('jsonProblem', () => {
  it('accepts JSON', () => {
    for (const value of [0, -1.5, '', 'ü', true, null, [], {}, [1, { a: [null] }]]) {
      expect(jsonProblem(value), JSON.stringify(value)).toBeUndefined();
    }
  });

  it('[R14] accepts values up to the depth limit, and refuses deeper ones of any depth', () => {
    expect(jsonProblem(nested(EXTENSIONS_MAX_DEPTH_COUNT + 1))).toBeUndefined();
    expect(jsonProblem(nested(EXTENSIONS_MAX_DEPTH_COUNT + 2))).toContain('levels deep');
    expect(jsonProblem(nested(100_000))).toContain('levels deep');
  });

  it('refuses a member that copies would lose, at any depth', () => {
    expect(jsonProblem(JSON.parse('{"a":[{"__proto__":1}]}'))).toContain('__proto__');
  });

  it('describes the problem', () => {
    for (const [value, problem] of [
      [Number.NaN, 'finite'],
      [Number.POSITIVE_INFINITY, 'finite'],
      ['\ud800', 'well-formed'],
      [{ '\udfff': 1 }, 'well-formed'],
      [undefined, 'no undefined'],
      [1n, 'no bigint'],
      [() => 1, 'no function'],
    ] as const) {
      expect(jsonProblem({ value }), problem).toContain(problem);
    }
  });
});

describe('parseJson', () => {
  it('reads what every parser reads', () => {
    for (const [text, value] of [
      ['{"a":1,"\\u00e9":2}', { a: 1, é: 2 }],
      ['{"a" : {"\\/x" :"\\\\\\"\\n"}}', { a: { '/x': '\\"\n' } }],
      ['["\\\\:", "a:\\"b\\":"]', ['\\:', 'a:"b":']],
      ['"\\u0041"', 'A'],
      ['{}', {}],
    ] as const) {
      expect(parseJson(text), JSON.stringify(text)).toEqual(value);
    }
  });

  it('refuses keys that need an escape', () => {
    for (const text of ['{"\\\\":1}', '{"a\\"b":1}', '{"x":[{"\\u0000":1}]}', '{"\\n" : 1}', '{"\\ud800":1}']) {
      expect(() => parseJson(text), JSON.stringify(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
    }
  });

  it('detects invalid JSON', () => {
    for (const text of ['{', '{"a\\":1}', '"\\x"', '{"\\x":1}', '']) {
      expect(() => parseJson(text), JSON.stringify(text)).toThrow(SyntaxError);
    }
  });

  it('[H10] refuses a duplicate key', () => {
    for (const [text, path] of [
      ['{"weight":1,"weight":100}', 'weight'],
      ['{"weight":1,"w\\u0065ight":100}', 'weight'],
      ['{"\\u0077eight":1,"w\\u0065ight":1}', 'weight'],
      ['{"a":{"x":1},"b":[{"x":1},{"c:":"\\":","y":{"x":1,"z":[],"x":1}}]}', 'b.1.y.x'],
      ['[[],[0,{"a":[{}],"a" : 1}]]', '1.1.a'],
      ['{"__proto__":1,"__proto__":2}', '__proto__'],
      ['{"":1,"":2}', ''],
      ['{"1":1,"1":2}', '1'],
      ['{"toString":1,"toString":1}', 'toString'],
      ['{"a":1,"b":{"a":2},"c":[{"a":3}],"\\u0061":4,"a":5}', 'a'],
      [`${'{"d":'.repeat(100_000)}{"x":1,"x":2}${'}'.repeat(100_000)}`, `….${'d.'.repeat(15)}x`],
      [`${'['.repeat(1_000_000)}{"x":1,"x":2}${']'.repeat(1_000_000)}`, `….${'0.'.repeat(15)}x`],
      [`{${'"k":1,'.repeat(600_000)}"k":2}`, 'k'],
      [`{"${'k'.repeat(1_000_000)}":1,"${'k'.repeat(1_000_000)}":1}`, `${'k'.repeat(77)}...`],
    ] as const) {
      expect(() => parseJson(text), JSON.stringify(text)).toThrow(
        expect.objectContaining({
          code: 'INVALID_REQUEST',
          message: expect.stringContaining(`appears twice in one object, at ${path};`),
          details: { errors: [{ path, message: 'appears twice in one object' }] },
        }),
      );
    }
  });

  it('[H10] accepts equal keys of different objects', () => {
    for (const text of [
      '{"a":{"a":{"a":[{"a":1},{"a":1}]}},"b":{"a":1}}',
      '{"a":"{\\"b\\":1,\\"b\\":2}","b":":\\\\"}',
      '{"a":1,"A":2,"\\u00e9":3,"e\\u0301":4}',
      '{"__proto__":{"__proto__":1},"constructor":{"constructor":1}}',
      '[{"a":1},{"a":1}]',
      '"a:a"',
    ]) {
      expect(parseJson(text), JSON.stringify(text)).toEqual(JSON.parse(text));
    }
  });

  it('[H10] refuses exactly the texts in which a strict parser finds a duplicate key', () => {
    const key = fc.constantFrom('a', 'b', 'a:', '{', '', '__proto__', 'é');
    const written = fc
      .tuple(key, fc.boolean())
      .map(([name, isEscaped]) => (isEscaped ? everyUnitEscaped(name) : JSON.stringify(name)));
    const { value } = fc.letrec<{ value: string; member: string }>((tie) => ({
      member: fc.tuple(written, tie('value')).map(([name, text]) => `${name} :${text}`),
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom('1', 'null', '":"', '"\\":{\\"a\\":"', '"\\\\"', '[]', '{}'),
        fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
        fc.array(tie('member'), { maxLength: 4 }).map((members) => `{${members.join(',')}}`),
      ),
    }));
    fc.assert(
      fc.property(value, (text) => {
        let why = '';
        try {
          readStrictJson(text);
        } catch (error) {
          why = String(error);
        }
        if (why === '') expect(parseJson(text)).toEqual(JSON.parse(text));
        else expect(() => parseJson(text), why).toThrow('appears twice');
      }),
      { numRuns: 500 },
    );
  });

  it('is not confused by keys parsed before', () => {
    expect(() => parseJson('{"a":1,"\\\\":2}')).toThrow('backslash');
    expect(parseJson('{"a":1,"\\u00e9":2}')).toEqual({ a: 1, é: 2 });
  });

  it('reads anything JSON.stringify writes with keys that need no escape', () => {
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

/** The same JSON as written by clients that use only ASCII. */
function escaped(text: string): string {
  return text.replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** A JSON string in which every character is escaped. */
function everyUnitEscaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, index) => text.charCodeAt(index).toString(16).padStart(4, '0'));
  return `"${units.map((unit) => `\\u${unit}`).join('')}"`;
}

it('whole numbers of up to 64 bits keep their digits on request', () => {
  const text =
    '{"a":[9007199254740991,9007199254740993,18446744073709551615,-9223372036854775808,1.5e300,1e20],"12":"90071992547409930"}';
  expect(parseJson(text, 'exact')).toEqual({
    a: [9_007_199_254_740_991, 9007199254740993n, 18446744073709551615n, -9223372036854775808n, 1.5e300, 1e20],
    12: '90071992547409930',
  });
  expect(parseJson('[9007199254740993]')).toEqual([2 ** 53]);
  expect(() => parseJson('{"a":9007199254740993,"a":1}', 'exact')).toThrow('appears twice');
});
