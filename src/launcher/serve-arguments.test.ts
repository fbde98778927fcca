import { expect, test } from 'vitest';
import { readServeArguments, writeServeArguments } from './serve-arguments';
import type { ServeFlags } from './serve-options';

test('flags are read as written, whatever their values', () => {
  const flags: ServeFlags = {
    port: '0',
    host: '::1',
    data: '--data, with "quotes"',
    corsOrigin: ['https://a.test', 'https://b.test'],
    namespaceDomain: 'a.test',
    tlsCert: '-',
    tlsKey: '=',
    trustedProxy: true,
    logLevel: 'info',
    consulPort: '8500',
  };
  for (const supervised of [true, false]) {
    expect(readServeArguments(writeServeArguments({ flags, supervised }))).toEqual({ flags, supervised });
  }
  expect(writeServeArguments({ flags: {}, supervised: false })).toEqual(['serve']);
  expect(readServeArguments(['serve'])).toEqual({ flags: {}, supervised: false });
});

test.each([
  [[], 'The first argument must be serve, not ""'],
  [['server'], 'not "server"'],
  [['serve', '--prot=80'], "Unknown option '--prot'"],
  [['serve', '--port'], "Option '--port <value>' argument missing"],
  [['serve', 'now'], "Unexpected argument 'now'"],
])('%j is refused', (words, message) => {
  expect(() => readServeArguments(words)).toThrow(message);
  expect(() => readServeArguments(words)).toThrow(expect.objectContaining({ name: 'LaunchError', exitCode: 2 }));
});
