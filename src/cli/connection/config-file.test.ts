import { chmodSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/programs/temporary-folder';
import { type Config, configPath, isOpenToOthers, readConfig, writeConfig } from './config-file';

const place = (): string => configPath({ XDG_CONFIG_HOME: temporaryFolder() });

it('is at the place that XDG defines, and in ~/.config otherwise', () => {
  expect(configPath({ XDG_CONFIG_HOME: '/etc/me' })).toBe('/etc/me/rollcall/config.json');
  expect(configPath({})).toBe(join(homedir(), '.config/rollcall/config.json'));
  expect(configPath({ XDG_CONFIG_HOME: 'relative' })).toBe(configPath({}));
});

it('[K16] reads what it wrote, and is readable by its owner only', () => {
  const path = place();
  const config: Config = { current: 'a', contexts: { a: { url: 'http://a', token: 'secret', namespace: 'x' } } };
  expect(readConfig(path)).toEqual({ contexts: {} });
  expect(isOpenToOthers(path)).toBe(false);
  writeConfig(path, config);
  expect(readConfig(path)).toEqual(config);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(path))).toEqual(['config.json']);
});

it('removes the permissions of others', () => {
  const path = place();
  writeConfig(path, { contexts: {} });
  chmodSync(path, 0o640);
  expect(isOpenToOthers(path)).toBe(true);
  writeConfig(path, { contexts: {} });
  expect(isOpenToOthers(path)).toBe(false);
});

it('refuses a file without contexts, and leaves it unchanged', () => {
  for (const text of [
    '',
    'not json',
    '[]',
    '{}',
    '{"contexts": {"a": {"url": 1}}}',
    '{"contexts": {}, "current": 1}',
  ]) {
    const path = place();
    writeConfig(path, { contexts: {} });
    writeFileSync(path, text);
    expect(() => readConfig(path)).toThrow('is not a valid file of contexts');
    expect(existsSync(path)).toBe(true);
  }
});
