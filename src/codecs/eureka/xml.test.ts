import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { readStrictXml } from '../../../test/fixtures/strict-xml';
import { elementName, keyOfElement, readXml, writeXml } from './xml';

describe('names of elements', () => {
  it('[F3, F13] are keys with invalid characters escaped', () =>
    eachRow(
      [
        ['plain', 'plain'],
        ['management.port', 'management.port'],
        ['my_key', 'my__key'],
        ['$x', '_-x'],
        ['a b', 'a_.0020b'],
        ['1st', '_.0031st'],
        ['-x', '_.002dx'],
        ['a-1', 'a-1'],
        ['@class', '_.0040class'],
        ['é', 'é'],
        ['日', '_.65e5'],
        ['👋', '_.d83d_.dc4b'],
        ['a:b', 'a_.003ab'],
        ['xmlns:a', 'xmlns_.003aa'],
        ['xmlns', 'xmlns'],
        ['ĳ', '_.0133'],
        ['·', '_.00b7'],
        ['a·', 'a·'],
        ['#text', '_.0023text'],
      ],
      (key, name) => {
        expect(elementName(key)).toBe(name);
        expect(keyOfElement(name)).toBe(key);
      },
    ));

  it('[F3] decode to any key that metadata may have', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (key) => {
        expect(keyOfElement(elementName(key))).toBe(key);
      }),
    );
  });

  it('[F13] are read by every parser, whatever characters a key has', () => {
    const keys = Array.from({ length: 0x10000 }, (_, unit) => String.fromCharCode(unit));
    for (const key of [...keys, ...keys.map((later) => `a${later}`)]) {
      const name = elementName(key);
      // Well-formed names of the fourth edition of XML 1.0, without a prefix: later editions accept them too.
      if (!/^[A-Z_a-zÀ-ÖØ-öø-ÿ][-.A-Z_a-z0-9·À-ÖØ-öø-ÿ]*$/.test(name)) expect.fail(`${JSON.stringify(key)} is ${name}`);
      if (keyOfElement(name) !== key) expect.fail(`${name} comes back as ${JSON.stringify(keyOfElement(name))}`);
    }
  });

  it('[F3] keep an underscore that starts no escape', () => {
    expect(keyOfElement('my_key')).toBe('my_key');
    expect(keyOfElement('_.zz')).toBe('_.zz');
  });
});

describe('documents', () => {
  it('[F3] read back as written, in the shape of JSON', () => {
    const port = { $: '80', '@enabled': 'true' };
    const document = { instance: { port, metadata: { a: '<&">\'', b: '' }, list: ['1', '2'] } };
    expect(readXml(writeXml(document))).toEqual(document.instance);
  });

  it('[F3] contain no character that XML forbids', () => {
    expect(writeXml({ a: 'x\u0000\u0001\u000b\uffffy\tz\n' })).toBe('<a>x\ufffd\ufffd\ufffd\ufffdy\tz\n</a>');
    expect(writeXml({ a: '\ud800\ufffe' })).toBe('<a>\ufffd\ufffd</a>');
  });

  it('[F14] keep a carriage return, which parsers turn into a line feed if it is unescaped', () => {
    expect(writeXml({ a: 'x\r\ny' })).toBe('<a>x&#xD;\ny</a>');
    expect(readStrictXml(writeXml({ a: 'x\r\ny' })).text).toBe('x\r\ny');
  });

  it('[F3] are refused if they are not XML, or use more of it than allowed', () =>
    eachRow(
      [
        ['<!DOCTYPE a><a/>', /document type/],
        ['<!ENTITY a "b"><a/>', /document type/],
        ['<a><!ELEMENT a ANY></a>', /document type/],
        ['<a>', /is not XML/],
        ['<a></b>', /is not XML/],
        ['text', /is not XML/],
        ['', /is not XML/],
        [`${'<a>'.repeat(20)}${'</a>'.repeat(20)}`, /can't be read/],
        ['<a><__proto__>1</__proto__></a>', /can't be read/],
        ['<a><toString>1</toString></a>', /can't be read/],
      ],
      (text, words) => {
        expect(() => readXml(text)).toThrow(
          expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(words) }),
        );
      },
    ));

  it('[F3] may have a declaration, comments and CDATA sections', () => {
    expect(readXml('<?xml version="1.0"?><!-- <x> --><a><b><![CDATA[<&>]]></b></a>')).toEqual({ b: '<&>' });
  });
});
