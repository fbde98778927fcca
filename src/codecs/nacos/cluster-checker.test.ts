import { expect, it } from 'vitest';
import { checkerEntry, checkersIn, headersOf, readChecker, splitMetadata } from './cluster-checker';

const HTTP = {
  type: 'HTTP',
  path: '/health',
  headers: 'a:1|b: 2',
  expectedResponseCode: 204,
  checkPort: 8080,
  useInstancePort4Check: false,
} as const;

it('a checker is stored in the metadata of its service, and read back', () => {
  const entry = checkerEntry('EU', HTTP);
  expect(checkersIn({ ...entry, version: '2' })).toEqual(new Map([['EU', HTTP]]));
  expect(splitMetadata({ ...entry, version: '2' })).toEqual({ shown: { version: '2' }, checkers: entry });
});

it('a checker has defaults', () => {
  expect(readChecker({ type: 'TCP' })).toEqual({
    type: 'TCP',
    path: '',
    headers: '',
    expectedResponseCode: 200,
    checkPort: 80,
    useInstancePort4Check: true,
  });
});

it.each([
  [undefined],
  [{}],
  [{ type: 'MYSQL' }],
  [{ ...HTTP, path: 1 }],
  [{ ...HTTP, path: '/ü' }],
  [{ ...HTTP, path: `/${'a'.repeat(1_024)}` }],
  [{ ...HTTP, headers: 'a:1\r\nb:2' }],
  [{ ...HTTP, expectedResponseCode: 'x' }],
  [{ ...HTTP, expectedResponseCode: 99 }],
  [{ ...HTTP, checkPort: 0 }],
])('%j is no checker', (value) => {
  expect(readChecker(value)).toBeUndefined();
});

it('a stored text that is no checker is ignored', () => {
  expect(checkersIn({ 'nacos.cluster.a': '{', 'nacos.cluster.b': '[]', 'nacos.cluster.c': '{"type":"X"}' }).size).toBe(
    0,
  );
});

it('headers are pairs, and other parts are left out', () => {
  expect(headersOf({ headers: 'a:1| B-c : 2 |d|e:f:g|:h|i j:k' })).toEqual({ a: ['1'], 'B-c': ['2'] });
});
