import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliStage } from './cli-stage';

/** Reading the history, and rolling back, from scripts and by people. */

let stage: CliStage;
let before: string;
beforeAll(async () => {
  stage = await CliStage.start();
  await stage.register('past', 'past-1');
  await stage.register('past', 'past-2');
  await new Promise((passed) => setTimeout(passed, 5));
  before = new Date().toISOString();
  await new Promise((passed) => setTimeout(passed, 5));
  await stage.run(['disable', 'past', 'past-1']);
  await stage.run(['deregister', 'past', 'past-2']);
});
afterAll(() => stage.stop());

const lines = (text: string): string[] => text.trimEnd().split('\n');

describe('why', () => {
  it('says in a sentence why an instance was removed, or receives no traffic', async () => {
    const removed = await stage.run(['why', 'past', 'past-2']);
    expect(lines(removed.stdout)[0]).toMatch(
      /^past-2 is gone: it was deregistered (?:now|\d+ (?:s|min) ago) by its owner$/,
    );
    expect(removed.stdout).toMatch(/deregistered +instance +past\/past-2 +root/);
    const disabled = await stage.run(['why', 'past', 'past-1']);
    expect(lines(disabled.stdout)[0]).toMatch(
      /^past-1 is registered but takes no traffic: disabled by root (?:now|\d+ (?:s|min) ago)$/,
    );
    expect(disabled.stdout).toMatch(/^longest gap +\d+ \w+ \(measured since /m);
    expect(await stage.json('why', 'past', 'past-2', '--limit', '1')).toMatchObject({ present: false, entries: [{}] });
  });

  it('exits with 3 for an instance that never existed', async () => {
    expect((await stage.run(['why', 'past', 'missing'])).code).toBe(3);
  });
});

describe('history', () => {
  it('lists changes, newest first, and the position of the next page', async () => {
    const { stdout, stderr } = await stage.run(['history', 'past', '--limit', '3']);
    expect(lines(stdout).map((line) => line.replace(/^(?:now|\d+ (?:s|min) ago) +/, '').replace(/ +/g, ' '))).toEqual([
      'WHEN CAUSE OF NAME BY REVISION',
      'deregistered instance past/past-2 root 4',
      'overridden override past/past-1 root 3',
      'registered instance past/past-2 root 2',
    ]);
    const after = /--page (\S+)/.exec(stderr)?.[1] ?? '';
    expect(await stage.json('history', 'past', '--page', after)).toMatchObject({ entries: [{ revision: 1 }] });
    expect(await stage.json('history', 'past', 'past-1', '--cause', 'overridden')).toMatchObject({
      entries: [{ revision: 3 }],
    });
    expect(await stage.json('history', '--since', before)).toMatchObject({
      entries: [{ revision: 4 }, { revision: 3 }],
    });
    expect(await stage.json('history', '--until', '1h')).toEqual({ entries: [], compacted: false });
  });

  it('shows the changes of one entry, and refuses an entry of a service', async () => {
    await stage.run(['kv', 'put', 'one/key', '1']);
    await stage.run(['kv', 'put', 'one/key/below', '1']);
    expect(await stage.json('history', '--key', 'one/key')).toMatchObject({
      entries: [{ changes: [{ kind: 'entry', key: 'one/key' }] }],
    });
    const { code, stderr } = await stage.run(['history', 'orders', '--key', 'one/key']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('at most one of: a service, --key or --prefix')]);
  });

  it('refuses an invalid point in time', async () => {
    const { code, stderr } = await stage.run(['history', '--since', 'yesterday']);
    expect(code).toBe(2);
    expect(stderr).toContain('how long ago, such as 10m');
  });
});

describe('diff and rollback of entries', () => {
  const put = (key: string, value: string) => stage.run(['kv', 'put', key, value]);

  it('show the differences of a prefix, and restore a key or all of them', async () => {
    await put('flags/a', 'one');
    await put('flags/gone', 'here');
    // `as`: the API describes the answer.
    const { to } = (await stage.json('diff', '--prefix', 'flags/', '--from', '1h')) as { to: { cursor: string } };
    const { cursor } = to;
    await put('flags/a', 'two');
    await put('flags/new', '2');
    await stage.run(['kv', 'rm', 'flags/gone']);
    const { stdout } = await stage.run(['diff', '--prefix', 'flags/', '--from', cursor]);
    expect(lines(stdout).map((line) => line.trimEnd().replace(/ +/g, ' '))).toEqual([
      'KEY BEFORE AFTER',
      'flags/a one two',
      'flags/gone here not there',
      'flags/new not there 2',
    ]);
    const one = await stage.run(['rollback', '--key', 'flags/a', '--to', cursor]);
    expect(one.stdout).toMatch(/^rolled back flags\/a to its state (?:now|\d+ (?:s|min) ago)\nrestored +1\n$/);
    expect(await stage.json('rollback', '--prefix', 'flags/', '--to', cursor)).toMatchObject({
      restored: 1,
      deleted: 1,
    });
    const again = await stage.run(['rollback', '--prefix', 'flags/', '--to', cursor]);
    expect(again.stdout).toMatch(/^flags\/\* is already as it was (?:now|\d+ (?:s|min) ago)\n$/);
    expect((await stage.run(['kv', 'get', 'flags/a'])).stdout).toBe('one');
  });

  it('ask before all entries are rolled back, and take keys as base64', async () => {
    await put('flags/a', 'before');
    // `as`: the API describes the answer.
    const { to } = (await stage.json('diff', '--prefix', '', '--from', '1h')) as { to: { cursor: string } };
    await put('flags/a', 'after');
    const all = ['rollback', '--prefix', '', '--to', to.cursor];
    const refused = await stage.run(all);
    expect([refused.code, refused.stderr]).toEqual([
      2,
      expect.stringMatching(/^Roll back all entries of namespace public to .*\? Cannot ask without a terminal\./),
    ]);
    expect((await stage.run(['kv', 'get', 'flags/a'])).stdout).toBe('after');
    expect((await stage.run([...all, '--yes'])).stdout).toMatch(
      /^rolled back all entries to their state .*\nrestored +1\n$/,
    );
    await put('flags/a', 'again');
    const key = Buffer.from('flags/a').toString('base64');
    const differing = await stage.json('diff', '--base64', '--key', key, '--from', to.cursor);
    expect(differing).toMatchObject({ entries: [{ key: 'flags/a', after: { value: 'again' } }] });
    const one = await stage.run(['rollback', '--base64', '--key', key, '--to', to.cursor]);
    expect(one.stdout).toMatch(/\nrestored +1\n$/);
    expect((await stage.run(['rollback', '--base64', '--key', '!', '--to', to.cursor])).code).toBe(2);
  });

  it('need a service, a key or a prefix', async () => {
    for (const command of [
      ['diff', '--from', '1h'],
      ['rollback', 'past', '--key', 'a', '--to', '1h'],
    ]) {
      const { code, stderr } = await stage.run(command);
      expect([code, stderr]).toEqual([2, expect.stringContaining('Give one of: a service, --key or --prefix.')]);
    }
  });
});

describe('diff and rollback', () => {
  it('show the differences, and restore overrides, also when repeated', async () => {
    const { stdout } = await stage.run(['diff', 'past', '--from', before]);
    expect(lines(stdout).map((line) => line.replace(/ +/g, ' '))).toEqual([
      'ID ADDRESS BEFORE AFTER',
      'past-1 10.0.0.7:8080 available disabled',
      'past-2 10.0.0.7:8080 available not there',
    ]);
    expect(await stage.json('ls', 'past', '--as-of', before)).toMatchObject({
      instances: [{ id: 'past-1', enabled: true }, { id: 'past-2' }],
    });
    const back = await stage.run(['rollback', 'past', '--to', before]);
    expect(back.stdout).toMatch(/^rolled back past to its state (?:now|\d+ (?:s|min) ago)\nremoved +past-1\n$/);
    const again = await stage.run(['rollback', 'past', '--to', before]);
    expect(again.stdout).toMatch(/^past is already as it was (?:now|\d+ (?:s|min) ago)\n$/);
    expect(await stage.json('get', 'past', 'past-1')).toMatchObject({ enabled: true });
    expect(await stage.json('ls', 'past')).toMatchObject({ instances: [{ id: 'past-1' }] });
  });
});
