import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliStage } from './cli-stage';

/** `rollcall kv` and `rollcall lease`, as used by scripts and people. */

let stage: CliStage;
beforeAll(async () => {
  stage = await CliStage.start();
});
afterAll(() => stage.stop());

/** Runs a command that must succeed; returns its output. */
async function output(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await stage.run(words);
  if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`);
  return stdout;
}

describe('kv', () => {
  it('puts a text, a file and standard input, and prints them byte by byte', async () => {
    expect(await output('kv', 'put', 'in/text', 'größe')).toMatch(/^created in\/text, revision \d+\n$/);
    writeFileSync(join(stage.folder, 'value.txt'), 'from a file\n');
    expect(await output('kv', 'put', 'in/text', '@value.txt', '--content-type', 'text/plain')).toContain('changed');
    expect(await output('kv', 'get', 'in/text')).toBe('from a file\n');
    const { code } = await stage.run(['kv', 'put', 'in/stdin', '-'], {}, '@not a file\0');
    expect([code, await output('kv', 'get', 'in/stdin')]).toEqual([0, '@not a file\0']);
    expect(await stage.json('kv', 'get', 'in/text')).toMatchObject({
      key: 'in/text',
      value: 'from a file\n',
      contentType: 'text/plain',
      version: 2,
    });
    const missing = await stage.run(['kv', 'put', 'in/text', '@none.txt']);
    expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('Cannot read the value from none.txt')]);
  });

  it('exits with 3 without an entry, and with 5 if a condition does not hold', async () => {
    const absent = await stage.run(['kv', 'get', 'no/entry']);
    expect(absent).toEqual({
      code: 3,
      stdout: '',
      stderr: 'There is no entry "no/entry".\nList the entries: rollcall kv ls\n',
    });
    await output('kv', 'put', 'cas', '1', '--if-absent');
    expect((await stage.run(['kv', 'put', 'cas', '1', '--if-absent'])).code).toBe(5);
    expect((await stage.run(['kv', 'rm', 'cas', '--if-revision', '1'])).code).toBe(5);
    const { revision } = (await stage.json('kv', 'get', 'cas')) as { revision: number }; // `as`: an entry has one
    expect(await output('kv', 'rm', 'cas', '--if-revision', `${revision}`)).toBe('deleted cas\n');
    expect(await output('kv', 'rm', 'cas')).toBe('there was no entry cas\n');
    const both = await stage.run(['kv', 'put', 'cas', '', '--if-absent', '--if-revision', '1']);
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('not both')]);
  });

  it('lists keys in order, with values on request, and counts them', async () => {
    for (const key of ['list/b', 'list/a', 'list/c']) await output('kv', 'put', key, `value of ${key}`);
    const limited = await stage.run(['kv', 'ls', 'list/', '--values', '--limit', '2']);
    expect([limited.code, limited.stderr]).toEqual([0, 'There are more entries than --limit 2.\n']);
    expect((await stage.run(['kv', 'ls', 'list/', '--limit', '3'])).stderr).toBe('');
    expect(await stage.json('kv', 'ls', 'list/', '--limit', '2')).toMatchObject({ more: true });
    expect(
      limited.stdout.split('\n').map((line) => line.replace(/ {2,}\d+ {2,}/g, ' # ').replace(/ +/g, ' ')),
    ).toMatchObject(
      [/^KEY/, /^list\/a .*value of list\/a$/, /^list\/b .*value of list\/b$/, /^$/].map((line) =>
        expect.stringMatching(line),
      ),
    );
    expect(await output('kv', 'ls', 'list/', '--count')).toBe('3\n');
    expect(await stage.json('kv', 'ls', 'list/', '--descending')).toMatchObject({
      entries: [{ key: 'list/c' }, { key: 'list/b' }, { key: 'list/a' }],
    });
    expect((await stage.run(['kv', 'rm', 'list/', '--prefix'])).stderr).toContain(
      'Delete 3 entries of namespace public',
    );
    expect(await output('kv', 'rm', 'list/', '--prefix', '--yes')).toBe('deleted 3 entries\n');
    expect((await stage.run(['kv', 'ls', 'list/'])).stderr).toBe(
      'Namespace public has no entries whose keys begin with "list/".\n',
    );
  });

  it('takes keys that are not text as base64', async () => {
    await output('kv', 'put', '/wA=', 'odd', '--base64');
    expect(await output('kv', 'get', '_wA', '--base64')).toBe('odd');
    expect(await stage.json('kv', 'ls')).toMatchObject({
      entries: expect.arrayContaining([expect.objectContaining({ keyBase64: '/wA=' })]),
    });
    expect((await stage.run(['kv', 'get', '!', '--base64'])).code).toBe(2);
    expect(await output('kv', 'ls', '/w==', '--base64')).toMatch(/^KEY .*\nbase64:\/wA= /);
    expect(await output('kv', 'ls', '_w', '--base64', '--count')).toBe('1\n');
    expect(await output('kv', 'ls', '_g', '--base64', '--count')).toBe('0\n');
    const one = stage.begin(['kv', 'watch', '--base64', '_wA', '--prefix', 'Yg==', '--json']);
    await expect.poll(() => one.stdout[0]).toContain('"entries":[{"keyBase64":"/wA="');
    const watch = stage.begin(['kv', 'watch', '--prefix', '', '--json']);
    await expect.poll(() => watch.stdout.length).toBe(1);
    await output('kv', 'rm', '_wA', '--base64');
    await expect.poll(() => watch.stdout[1]).toContain('"changes":[{"type":"delete","keyBase64":"/wA="}]');
  });

  it('shows the history of a key, and its past value', async () => {
    await output('kv', 'put', 'past', 'first');
    await output('kv', 'put', 'past', 'second');
    await output('kv', 'rm', 'past');
    const { changes } = (await stage.json('kv', 'history', 'past')) as { changes: { cursor: string }[] }; // `as`: what it prints
    expect(changes).toMatchObject([
      { cause: 'deleted', after: null, before: { value: 'second' } },
      { cause: 'put', after: { value: 'second' } },
      { cause: 'put', before: null },
    ]);
    expect(await output('kv', 'get', 'past', '--as-of', changes[2]?.cursor ?? '')).toBe('first');
    expect(await output('kv', 'history', 'past')).toMatch(/^WHEN .*\n.*deleted.*\n.*second\n.*first\n$/);
  });

  it('watches keys and prefixes', async () => {
    await output('kv', 'put', 'watched/a', '1');
    const watch = stage.begin(['kv', 'watch', 'watched/b', '--prefix', 'watched/a', '--json']);
    const events = () => watch.stdout.map((line) => JSON.parse(line) as object); // `as`: each line is an event
    await expect.poll(events).toMatchObject([{ type: 'snapshot', entries: [{ key: 'watched/a', value: '1' }] }]);
    await output('kv', 'put', 'watched/c', '');
    await output('kv', 'put', 'watched/b', '2');
    await output('kv', 'rm', 'watched/a');
    await expect
      .poll(() => events().slice(1))
      .toMatchObject([
        { type: 'changes', cause: 'put', changes: [{ type: 'put', key: 'watched/b', value: '2' }] },
        { type: 'changes', cause: 'deleted', changes: [{ type: 'delete', key: 'watched/a' }] },
      ]);
    expect((await stage.run(['kv', 'watch'])).code).toBe(2);
  });
});

it('locks are shown by the entries and the lease', async () => {
  const lease = (await output('lease', 'grant', '--ttl', '1h', '--lock-delay', '5s')).trim();
  await output('kv', 'put', 'lock/free', 'x');
  expect(await output('kv', 'ls', 'lock/')).not.toContain('LOCKED BY');
  await output('kv', 'put', 'lock/held', 'x', '--acquire', lease);
  const listed = (await output('kv', 'ls', 'lock/')).split('\n').map((line) => line.trimEnd().split(/ {2,}/));
  expect([listed[0]?.at(-1), listed[1]?.at(-1), listed[2]?.at(-1)]).toEqual([
    'LOCKED BY',
    expect.not.stringMatching(lease),
    lease,
  ]);
  expect(await output('kv', 'get', 'lock/held', '--details')).toMatch(
    new RegExp(`locked by +${lease}\nacquired +\\d+\n`),
  );
  const shown = await output('lease', 'show', lease);
  expect(shown).toMatch(/lock delay +5s\n/);
  expect(shown).toMatch(/holds +0 entries, 0 instances, 1 lock\n/);
  expect(shown).toMatch(/lock +lock\/held\n/);
  await output('lease', 'revoke', lease);
  await output('kv', 'rm', 'lock/', '--prefix', '--yes');
});

describe('lease', () => {
  it('grants, shows, renews and revokes leases', async () => {
    const id = (await output('lease', 'grant', '--ttl', '1h', '--alias', '77')).trim();
    expect(id).toMatch(/^\d+$/);
    await output('kv', 'put', 'leased', 'x', '--lease', id);
    expect(await stage.json('kv', 'get', 'leased')).toMatchObject({ lease: id });
    expect(await stage.json('lease', 'show', '77')).toMatchObject({
      id,
      ttlMs: 3_600_000,
      entries: [{ key: 'leased' }],
    });
    expect(await output('lease', 'renew', id)).toBe(`renewed lease ${id} for 1h\n`);
    expect(await stage.json('lease', 'ls')).toMatchObject({ leases: [{ id, alias: '77', holds: { entries: 1 } }] });
    expect(await output('lease', 'ls')).toMatch(/^ID .*\n.* 77 +1h /);
    expect(await output('lease', 'revoke', id)).toBe(`revoked lease ${id}, which held 1 entry and 0 instances\n`);
    expect((await stage.run(['kv', 'get', 'leased'])).code).toBe(3);
    const gone = await stage.run(['lease', 'renew', id]);
    expect([gone.code, gone.stderr]).toEqual([3, expect.stringContaining('List the leases: rollcall lease ls')]);
    expect((await stage.run(['lease', 'grant'])).code).toBe(2);
    const endless = (await output('lease', 'grant', '--until-revoked')).trim();
    expect(await output('lease', 'renew', endless)).toBe(`lease ${endless} does not expire; revoke it to end it\n`);
    const short = await stage.run(['lease', 'grant', '--ttl', '1ms']);
    expect([short.code, short.stderr]).toEqual([2, expect.stringContaining('--ttl must be at least 1s')]);
  });
});
