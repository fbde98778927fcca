import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assertDecodable, pathAndQuery, rawPath, readQuery } from './request-target';

const at = (url: string): Request => new Request(url);

describe('rawPath', () => {
  it.each([
    ['http://a/', '/'],
    ['http://a/x/y', '/x/y'],
    ['http://a:80/x?y=/z', '/x'],
    ['http://a/x%2Fy?z', '/x%2Fy'],
    ['http://a/x#y?z', '/x'],
    ['http://a/?', '/'],
  ])('is of %s %s', (url, path) => expect(rawPath(at(url))).toBe(path));

  it('equals the path of the URL standard', () => {
    fc.assert(
      fc.property(fc.webUrl({ withQueryParameters: true, withFragments: true }), (url) => {
        const { pathname, origin, href } = new URL(url);
        expect(rawPath(at(url))).toBe(pathname);
        expect(pathAndQuery(at(url))).toBe(href.slice(origin.length).split('#')[0]);
      }),
    );
  });
});

describe('assertDecodable', () => {
  it.each(['/a', '/%41', '/%C3%BC', '/%2F', '/%25', '/%00'])('accepts %s', (path) =>
    expect(() => assertDecodable(path)).not.toThrow(),
  );
  it.each(['/%', '/%4', '/%zz', '/%ff', '/%C3', '/%C3/%BC', '/%ED%A0%80'])('[H7] refuses %s', (path) =>
    expect(() => assertDecodable(path)).toThrowError(/write a literal % as %25/),
  );
});

describe('readQuery', () => {
  const query = (text: string) => ({ ...readQuery(`http://a/x${text}`) });

  it.each([
    ['', {}],
    ['?', {}],
    ['?&&', {}],
    ['?a=1&b=2', { a: '1', b: '2' }],
    ['?force', { force: '' }],
    ['?a=', { a: '' }],
    ['?a=b=c', { a: 'b=c' }],
    ['?a=x+y%2Bz', { a: 'x y+z' }],
    ['?%61=%C3%BC', { a: 'ü' }],
    ['?a=?', { a: '?' }],
    ['?a=1#b=2', { a: '1' }],
    ['#?a=1', {}],
  ])('reads %j as %j', (text, parameters) => expect(query(text)).toEqual(parameters));

  it('collects filters by metadata', () => {
    const { metadata } = query('?metadata.a=1&metadata.b.c=2&metadata.=3');
    expect({ ...(metadata as object) }).toEqual({ a: '1', 'b.c': '2', '': '3' }); // `as`: gathered just above
  });

  it.each(['?a=1&a=2', '?a&a', '?metadata.x=1&metadata.x=2', '?a=1&%61=2'])('refuses %j: it appears twice', (text) =>
    expect(() => query(text)).toThrowError(/appears twice; send it once/),
  );

  it('collects the values of a list parameter, and of no other', () => {
    const lists = new Set(['a', 'metadata.x']);
    const read = (text: string) => ({ ...readQuery(`http://x/${text}`, lists) });
    expect(read('?a=1&b=2&%61=3&a=')).toEqual({ a: ['1', '3', ''], b: '2' });
    expect(read('?metadata.x=1')).toEqual({ metadata: expect.objectContaining({ x: '1' }) });
    expect(() => read('?a=1&b=2&b=3')).toThrowError(/appears twice; send it once/);
  });

  it.each(['?a=%', '?a=%ff', '?%zz=1'])('refuses %j', (text) =>
    expect(() => query(text)).toThrowError(/the query has a "%"/),
  );

  it('has no inherited members', () => {
    const parameters = readQuery('http://a/x?__proto__=1&metadata.__proto__=2&toString=3');
    expect(Object.keys(parameters).sort()).toEqual(['__proto__', 'metadata', 'toString']);
    expect(Object.keys(parameters.metadata as object)).toEqual(['__proto__']); // `as`: gathered just above
    expect('constructor' in parameters).toBe(false);
  });

  it('reads the output of URLSearchParams', () => {
    const pairs = fc.dictionary(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(pairs, (given) => {
        const usable = Object.entries(given).filter(([key]) => !key.startsWith('metadata'));
        const written = new URLSearchParams(usable).toString();
        expect(Object.entries(query(`?${written}`))).toEqual(usable);
      }),
    );
  });
});
