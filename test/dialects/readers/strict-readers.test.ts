import { describe, expect, it } from 'vitest';
import { everyRow } from '../../fixtures/every-row';
import { readStrictJson } from '../../fixtures/strict-json';
import { readStrictXml } from '../../fixtures/strict-xml';

describe('readStrictJson', () => {
  it('reads valid JSON', () => {
    const text = ' {"a" : [1, -0.5e+3, true, null, "\\u00e9\\"", {}, []], "__proto__":{"a":1}}\n';
    expect(readStrictJson(text)).toEqual(JSON.parse(text));
  });

  it('refuses invalid JSON', () =>
    everyRow(
      [
        ['{"a":1,"\\u0061":2}', 'twice'],
        ['["\\ud800"]', 'half'],
        ['{"\\udc00":1}', 'half'],
        ['[1e999]', 'does not fit'],
        ['[NaN]', 'no JSON'],
        ['[01]', 'continues with'],
        ['["\t"]', 'control character'],
        ['[1,]', 'begins with'],
        ['{"a":1,}', 'not a string'],
        ['{} {}', 'more after'],
        ['', 'no JSON'],
      ],
      ([text, why]) => expect(() => readStrictJson(text)).toThrow(why),
    ));
});

describe('readStrictXml', () => {
  it('reads valid XML', () => {
    expect(readStrictXml('<a b="c">x&lt;<d/>&#xD;y</a>')).toEqual({
      name: 'a',
      attributes: { b: 'c' },
      children: [{ name: 'd', attributes: {}, children: [], text: '' }],
      text: 'x<\ry',
    });
  });

  it('refuses invalid XML', () =>
    everyRow(
      [
        '<a:b/>',
        '<a b:c="d"/>',
        '<a><ĳ/></a>',
        '<:a/>',
        '<a>\u0001</a>',
        '<a>&#1;</a>',
        '<a>\ufffe</a>',
        '<a>\ud800</a>',
        '<a>&b;</a>',
        '<a b="1" b="2"/>',
        '<a><b></a>',
        '<a/><b/>',
        '<!DOCTYPE a><a/>',
        '',
      ],
      (text) => expect(() => readStrictXml(text)).toThrow(),
    ));
});
