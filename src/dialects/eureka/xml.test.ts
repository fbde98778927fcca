import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementName, keyOfElement, readXml, writeXml } from './xml';

describe('names of elements', () => {
  it.each([
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
  ])('[F3] %s is %s', (key, name) => {
    expect(elementName(key)).toBe(name);
    expect(keyOfElement(name)).toBe(key);
  });

  it('[F3] come back as any key that metadata may have', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (key) => {
        expect(keyOfElement(elementName(key))).toBe(key);
      }),
    );
  });

  it('[F3] take an underscore that begins nothing as it is', () => {
    expect(keyOfElement('my_key')).toBe('my_key');
    expect(keyOfElement('_.zz')).toBe('_.zz');
  });
});

describe('documents', () => {
  it('[F3] come back as they were written, in the shape of JSON', () => {
    const port = { $: '80', '@enabled': 'true' };
    const document = { instance: { port, metadata: { a: '<&">\'', b: '' }, list: ['1', '2'] } };
    expect(readXml(writeXml(document))).toEqual(document.instance);
  });

  it('[F3] never have a character that no document may have', () => {
    expect(writeXml({ a: 'x\u0000\u0001\u000b\uffffy\tz\n' })).toBe('<a>x\ufffd\ufffd\ufffd\ufffdy\tz\n</a>');
  });

  it.each([
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
  ])('[F3] %s is refused', (text, words) => {
    expect(() => readXml(text)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringMatching(words) }),
    );
  });

  it('[F3] may have a declaration, comments and sections of plain text', () => {
    expect(readXml('<?xml version="1.0"?><!-- <x> --><a><b><![CDATA[<&>]]></b></a>')).toEqual({ b: '<&>' });
  });
});
