import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/programs/temporary-folder';
import type { Config } from './config-file';
import { findPlace, type PlaceOptions } from './place';

const CONFIG: Config = {
  current: 'stage',
  contexts: {
    stage: { url: 'https://stage.example', token: 'of-stage', namespace: 'blue' },
    prod: { url: 'https://prod.example', token: 'of-prod' },
  },
};

const find = (given: Partial<PlaceOptions>) => findPlace({ flags: {}, env: {}, config: CONFIG, cwd: '/', ...given });

/** A folder from which `rollcall serve` runs, as far as its token goes. */
function servedFolder(): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data', 'root-token'), 'of-root\n');
  return folder;
}

describe('findPlace', () => {
  it('uses the current context as a whole', () => {
    expect(find({})).toEqual({
      url: 'https://stage.example',
      token: 'of-stage',
      namespace: 'blue',
      sources: { url: 'context stage', token: 'context stage', namespace: 'context stage' },
    });
  });

  it('[K2] prefers options to the environment, and that to the context', () => {
    const env = { ROLLCALL_TOKEN: 'of-env', ROLLCALL_NAMESPACE: 'green' };
    expect(find({ env })).toMatchObject({ url: 'https://stage.example', token: 'of-env', namespace: 'green' });
    const flags = { token: 'of-flag', namespace: 'red' };
    expect(find({ env, flags })).toMatchObject({ token: 'of-flag', namespace: 'red', sources: { token: '--token' } });
  });

  it('[K2] never sends the token of a context to another url', () => {
    expect(find({ flags: { url: 'https://other.example' } })).toMatchObject({ token: undefined, namespace: 'public' });
    const env = { ROLLCALL_URL: 'https://other.example' };
    expect(find({ env })).toMatchObject({ url: 'https://other.example', token: undefined, namespace: 'public' });
  });

  it('prefers a named context to the environment', () => {
    const env = { ROLLCALL_URL: 'https://env.example', ROLLCALL_TOKEN: 'of-env', ROLLCALL_NAMESPACE: 'green' };
    expect(find({ env, flags: { context: 'stage' } })).toMatchObject({
      url: 'https://stage.example',
      token: 'of-stage',
    });
    // It has no namespace of its own.
    expect(find({ env, flags: { context: 'prod' } })).toMatchObject({ token: 'of-prod', namespace: 'green' });
  });

  it('lists the known contexts if one does not exist', () => {
    const unknown = () => find({ flags: { context: 'pord' } });
    expect(unknown).toThrow('There is no context "pord". Known contexts: prod, stage.');
    expect(unknown).toThrow(expect.objectContaining({ exitCode: 2 }));
    expect(() => find({ flags: { context: 'constructor' } })).toThrow('no context "constructor"');
  });

  it('falls back to the local registry, with the token in this folder', () => {
    const config = { contexts: {} };
    const cwd = servedFolder();
    expect(find({ config, cwd })).toMatchObject({
      url: 'http://127.0.0.1:8787',
      token: 'of-root',
      sources: { url: 'default', token: 'data/root-token' },
    });
    expect(find({ config, cwd, env: { ROLLCALL_DATA: 'elsewhere' } })).toMatchObject({ token: undefined });
    expect(find({ config, cwd: '/' })).toMatchObject({ token: undefined, sources: { token: 'none' } });
  });

  it('[K16] refuses a url with a password, without quoting it', () => {
    for (const url of [
      'https://user:hidden@registry.example',
      'https://hidden@registry.example',
      'http://user:hidden@[wrong',
    ]) {
      const found = () => find({ config: { contexts: {} }, env: { ROLLCALL_URL: url } });
      expect(found).toThrow('ROLLCALL_URL must not contain a user or password.');
      expect(found).toThrow(expect.objectContaining({ exitCode: 2 }));
      expect(found).not.toThrow('hidden');
    }
  });

  it('[K2] never sends the token in this folder to a given url', () => {
    const options = { config: { contexts: {} }, cwd: servedFolder() };
    expect(find({ ...options, flags: { url: 'http://127.0.0.1:9000' } }).token).toBeUndefined();
    expect(find({ ...options, env: { ROLLCALL_URL: 'http://127.0.0.1:9000' } }).token).toBeUndefined();
  });
});
