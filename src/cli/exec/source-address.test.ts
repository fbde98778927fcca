import { expect, it } from 'vitest';
import { sourceAddress } from './source-address';

it('is the loopback address on the way to this machine', async () => {
  expect(await sourceAddress('http://127.0.0.1:8787')).toBe('127.0.0.1');
  expect(await sourceAddress('http://[::1]:8787/path')).toBe('::1');
});

it('is nothing where there is no way', async () => {
  expect(await sourceAddress('http://no-such-host.invalid')).toBeUndefined();
});
