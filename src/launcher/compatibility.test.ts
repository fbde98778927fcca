import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMPATIBILITY_DATE, COMPATIBILITY_FLAGS } from './compatibility';

/** A value of wrangler.toml: strings and lists of strings are written there as JSON writes them. */
function wranglerSetting(name: string): unknown {
  const toml = readFileSync('wrangler.toml', 'utf8');
  const value = new RegExp(`^${name} = (.+)$`, 'm').exec(toml)?.[1];
  return JSON.parse(value ?? 'null');
}

test('one machine and Cloudflare run the Worker with the same compatibility date and flags', () => {
  expect(wranglerSetting('compatibility_date')).toBe(COMPATIBILITY_DATE);
  expect(wranglerSetting('compatibility_flags')).toEqual(COMPATIBILITY_FLAGS);
});
