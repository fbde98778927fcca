import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { markFor, markOf, ownerOf, withMark } from './mark';
import type { SourceInstance } from './source';

const source: SourceInstance = {
  group: 'g',
  service: 's',
  id: 'a',
  body: { address: '10.0.0.1', port: 1, metadata: { a: '1', b: '2' } },
};

describe('a mark', () => {
  it('[K22] is read as it was written, beside other extensions', () => {
    const mark = markFor('nacos old.test', source, 90_000);
    const extensions = withMark({ eureka: { vip: 'x' } }, mark);
    expect(markOf({ extensions })).toEqual(mark);
    expect(extensions.eureka).toEqual({ vip: 'x' });
  });

  it('[K22] is not found in other extensions', () => {
    for (const extensions of [
      {},
      { mirror: null },
      { mirror: 'x' },
      { mirror: { mirror: 1, id: 'a', content: 'b' } },
      { mirror: { id: 'a' } },
    ]) {
      expect(markOf({ extensions })).toBeUndefined();
    }
  });

  it('[K21] is equal for equal content, in any order, and differs for different content', () => {
    const content = (body: SourceInstance['body'], ttlMs = 90_000) => markFor('m', { ...source, body }, ttlMs).content;
    const { body } = source;
    expect(content({ port: 1, metadata: { b: '2', a: '1' }, address: '10.0.0.1' })).toBe(content(body));
    const others = [content({ ...body, port: 2 }), content({ ...body, metadata: { a: '1' } }), content(body, 120_000)];
    expect(new Set([content(body), ...others]).size).toBe(4);
  });
});

describe('ownerOf', () => {
  it('[K22] returns the id of the token', () =>
    eachRow(
      [
        ['rc_AbCdEf123456_secret_with_more', 'AbCdEf123456'],
        ['a root token of any form, of 32 characters', 'root'],
        [undefined, 'root'],
      ],
      (token, owner) => {
        expect(ownerOf(token)).toBe(owner);
      },
    ));
});
