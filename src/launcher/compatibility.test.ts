import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { COMPATIBILITY_DATE, COMPATIBILITY_FLAGS } from './compatibility';

/** A value of wrangler.toml: strings and lists of strings are written there as JSON writes them. */
function wranglerSetting(name: string): unknown {
  const toml = readFileSync('wrangler.toml', 'utf8');
  const value = new RegExp(`^${name} = (.+)$`, 'm').exec(toml)?.[1];
  return JSON.parse(value ?? 'null');
}

/** The lines of wrangler.toml below a heading, or those above all headings, without comments. */
function wranglerSection(heading: string): string[] {
  const [above = '', ...sections] = readFileSync('wrangler.toml', 'utf8').split(/^(?=\[)/m);
  const section = heading === '' ? above : sections.find((text) => text.startsWith(`[${heading}]\n`));
  return (section ?? '').split('\n').filter((line) => / = /.test(line) && !line.startsWith('#'));
}

test('[D6] Cloudflare keeps the lines of the log and none for each invocation, and serves one version at one URL', () => {
  expect(wranglerSection('observability')).toEqual(['enabled = true']);
  expect(wranglerSection('observability.logs').sort()).toEqual([
    'enabled = true',
    'head_sampling_rate = 1',
    'invocation_logs = false',
  ]);
  expect(wranglerSection('')).toEqual(expect.arrayContaining(['workers_dev = true', 'preview_urls = false']));
});

test('one machine and Cloudflare run the Worker with the same compatibility date and flags', () => {
  expect(wranglerSetting('compatibility_date')).toBe(COMPATIBILITY_DATE);
  expect(wranglerSetting('compatibility_flags')).toEqual(COMPATIBILITY_FLAGS);
});
