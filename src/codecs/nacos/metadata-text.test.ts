import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { metadataIn, readMetadata } from './metadata-text';

it('[Y1] metadata is read as JSON or as pairs', () =>
  eachRow(
    [
      ['', {}],
      ['{}', {}],
      ['{"a":"1","b":2,"c":true,"d":null}', { a: '1', b: '2', c: 'true' }],
      ['k=v,k2=v2', { k: 'v', k2: 'v2' }],
    ],
    (text, expected) => {
      expect(readMetadata(text)).toEqual(expected);
    },
  ));

it('[Y8] other metadata is refused, with the code that clients know', () => {
  for (const text of [
    '{"a":{"b":"c"}}',
    '{"a":["b"]}',
    '{"a"',
    '[]',
    'k=',
    '=v',
    'k=a=b',
    'k',
    '__proto__=1',
    '{"__proto__":"1"}',
  ]) {
    const details = { dialectCode: 21_002 };
    const message = `metadata format incorrect:${text}`;
    expect(() => readMetadata(text)).toThrow(expect.objectContaining({ message, details }));
  }
});

it('[Y8] metadata over a limit is refused', () => {
  expect(() => readMetadata(`k=${'v'.repeat(9_000)}`)).toThrow("Param 'Metadata' is illegal, the param length");
  expect(() => readMetadata('{"a\\"b":"c"}')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  expect(() => readMetadata('{"":"c"}')).toThrow("Param 'Metadata' is illegal, metadata keys must not be empty.");
  expect(metadataIn('x')).toBe(undefined);
  expect(metadataIn(null)).toEqual({});
});
