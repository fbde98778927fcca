import { describe, expect, it } from 'vitest';
import { CompressionError, HeaderBlocks, headerBlock } from './header-block';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('HeaderBlocks', () => {
  it('reads the requests of RFC 7541, appendix C.4, with Huffman codes and a table that grows', () => {
    const blocks = new HeaderBlocks(10_000);
    const first = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com' };
    expect({ ...blocks.read(hex('8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff')).headers }).toEqual(first);
    const second = { ...first, 'cache-control': 'no-cache' };
    expect({ ...blocks.read(hex('8286 84be 5886 a8eb 1064 9cbf')).headers }).toEqual(second);
    expect({ ...blocks.read(hex('8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf')).headers }).toEqual({
      ...first,
      ':scheme': 'https',
      ':path': '/index.html',
      'custom-key': 'custom-value',
    });
  });

  it('reads what it writes, and joins values of one name', () => {
    const block = headerBlock([
      ['a', 'x'.repeat(300)],
      ['a', 'y'],
    ]);
    expect(new HeaderBlocks(10_000).read(block).headers.a).toBe(`${'x'.repeat(300)}, y`);
  });

  it('evicts old entries, and reads on after a block that is too large', () => {
    const blocks = new HeaderBlocks(200);
    const literal = (value: string) => Buffer.from([0x40, 1, 0x61, value.length, ...Buffer.from(value)]);
    for (let index = 0; index < 200; index++) blocks.read(literal(`value ${index}`));
    expect(blocks.read(Buffer.of(0xbe)).headers.a).toBe('value 199');
    const index = (number: number) => Buffer.of(0xff, number - 127);
    // Each of these takes 1 + 9 + 32 bytes of 4,096.
    expect(blocks.read(index(62 + 96)).headers.a).toBe('value 103');
    expect(() => blocks.read(index(62 + 97))).toThrow(CompressionError);
    const large = new HeaderBlocks(100);
    expect(large.read(headerBlock([['b', 'z'.repeat(120)]])).isTooLarge).toBe(true);
    expect(large.read(headerBlock([['b', 'z']])).isTooLarge).toBe(false);
  });

  it('refuses malformed blocks and headers', () => {
    const blocks = () => new HeaderBlocks(1_000);
    for (const block of ['80', 'ff ff ff ff ff 7f', '40 05 61', '00 01 61 81 00', '3f e2 1f', '82 20', 'c0']) {
      expect(() => blocks().read(hex(block)), block).toThrow(CompressionError);
    }
    const malformed = (...pairs: [string, string][]) => blocks().read(headerBlock(pairs)).isMalformed;
    expect(malformed(['a', 'b'])).toBe(false);
    expect(malformed(['A', 'b'])).toBe(true);
    expect(malformed(['a', 'b\n'])).toBe(true);
    expect(malformed(['a', 'b'], [':path', '/'])).toBe(true);
    expect(malformed([':path', '/'], [':path', '/'])).toBe(true);
    expect(malformed([':status', '200'])).toBe(true);
    expect(malformed(['connection', 'close'])).toBe(true);
  });
});
