import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListedHeaders, listHeaders } from './listed-headers';

const name = fc.constantFrom('Rollcall-Cursor', 'rollcall-cursor', 'Vary', 'ETag', 'Set-Cookie');
const value = fc.constantFrom('a', 'b c', ' trimmed ', '"quoted"', 'Origin', '', 'é');
const change = fc.oneof(
  fc.tuple(fc.constant('set' as const), name, value),
  fc.tuple(fc.constant('append' as const), name, value),
  fc.tuple(fc.constant('delete' as const), name, fc.constant('')),
);

function apply(headers: Headers, [what, header, text]: ['set' | 'append' | 'delete', string, string]): void {
  if (what === 'delete') headers.delete(header);
  else headers[what](header, text);
}

describe('ListedHeaders', () => {
  it('are the same as the platform’s after the same changes', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 6 }), (changes) => {
        const made = new Headers({ Vary: 'Accept', 'Cache-Control': 'no-store' });
        const headers = new ListedHeaders([...listHeaders(made)]);
        for (const each of changes) {
          apply(made, each);
          apply(headers, each);
          expect(headers.get(each[1])).toBe(made.get(each[1]));
          expect(headers.has(each[1])).toBe(made.has(each[1]));
        }
        expect(new Headers(pairs(listHeaders(headers)))).toEqual(new Headers(pairs([...made].flat())));
        expect([...headers]).toEqual([...made]);
      }),
    );
  });

  it('are found in any case, and joined if repeated, as in a request', () => {
    const list = ['Authorization', 'one', 'X-Two', 'a', 'authorization', 'two'];
    const headers = new ListedHeaders([...list]);
    expect([headers.get('AUTHORIZATION'), headers.get('x-two'), headers.get('x')]).toEqual(['one, two', 'a', null]);
    headers.set('Authorization', 'three');
    expect(headers.get('authorization')).toBe('three');
  });

  it('refuse what the platform refuses', () => {
    const headers = new ListedHeaders([]);
    expect(() => headers.set('Location', 'a\r\nSet-Cookie: b')).toThrow(TypeError);
  });

  it('are copied by the platform', () => {
    const headers = new ListedHeaders(['vary', 'Accept']);
    headers.set('ETag', '"a"');
    for (const copied of [new Headers(headers), new Response(null, { headers }).headers]) {
      expect([...copied]).toEqual([...headers]);
    }
  });
});

/** Names and values in turn, as pairs. */
function pairs(list: readonly string[]): [string, string][] {
  return Array.from({ length: list.length / 2 }, (_, index) => [list[2 * index] ?? '', list[2 * index + 1] ?? '']);
}
