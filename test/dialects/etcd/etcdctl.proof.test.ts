import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { EtcdctlSession, UNEXPECTED_EXIT } from './etcdctl/session';
import { CLUSTER_STEPS, KEY_STEPS, STREAM_STEPS, type Step } from './etcdctl/steps';
import { REAL_ETCD, startOpenEtcd } from './real-etcd';
import type { EtcdTarget, RunningEtcd } from './target';
import { TARGETS } from './targets';

/** Debian's `etcdctl` prints the same about each kind of server as about a real etcd next to it. */

const STEPS: Step[] = [...KEY_STEPS, ...STREAM_STEPS, ...CLUSTER_STEPS];

/** Transcripts by the names of steps. */
type Transcripts = Map<string, string[]>;

/** Runs all steps against a new server. A step that throws ends in a line of its transcript. */
async function transcripts(target: EtcdTarget, servers: RunningEtcd[]): Promise<Transcripts> {
  const server = await target.start();
  servers.push(server);
  const session = new EtcdctlSession(server);
  await session.begin();
  const printed: Transcripts = new Map();
  for (const { name, run } of STEPS) {
    const problem = await run(session).then(
      () => [],
      (error: unknown) => [`${UNEXPECTED_EXIT}: ${error}`],
    );
    printed.set(name, [...session.takeTranscript(), ...problem]);
  }
  return printed;
}

describe.each(TARGETS)('against $name', (target) => {
  const differences = target.differences?.etcdctl ?? {};
  const servers: RunningEtcd[] = [];
  let expected: Transcripts;
  let printed: Transcripts;
  beforeAll(async () => {
    [expected, printed] = await Promise.all([transcripts(REAL_ETCD, servers), transcripts(target, servers)]);
  }, 180_000);
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  it('commands end as steps expect with a real etcd', () => {
    const surprises = [...expected].flatMap(([name, lines]) =>
      lines.filter((line) => line.startsWith(UNEXPECTED_EXIT)).map((line) => `${name}: ${line}`),
    );
    expect(surprises).toEqual([]);
  });

  it('differs in what is listed', () => {
    for (const name of Object.keys(differences)) expect(printed.get(name), name).not.toEqual(expected.get(name));
  });

  it.each(STEPS.map(({ name }) => name).filter((name) => !Object.hasOwn(differences, name)))('%s', (name) => {
    expect(printed.get(name)).toEqual(expected.get(name));
  });

  it('make-mirror copies a prefix, and its changes', async () => {
    const server = await target.start();
    onTestFinished(() => server.stop());
    const mirror = await startOpenEtcd();
    onTestFinished(() => mirror.stop());
    const session = new EtcdctlSession(server);
    await session.begin();
    for (const key of ['m/a', 'm/b', 'other']) await session.ok('put', key, '1');
    const running = session.open('make-mirror', '--prefix=m/', '--dest-prefix=copy/', new URL(mirror.endpoint).host);
    const copied = () => {
      const words = ['--endpoints', mirror.endpoint, 'get', '', '--prefix'];
      return spawnSync('etcdctl', words, { env: { ...process.env, ETCDCTL_API: '3' }, encoding: 'utf8' }).stdout.split(
        '\n',
      );
    };
    await expect.poll(copied).toEqual(['copy/a', '1', 'copy/b', '1', '']);
    await session.ok('put', 'm/c', '2');
    await session.ok('del', 'm/a');
    await expect.poll(copied).toEqual(['copy/b', '1', 'copy/c', '2', '']);
    await running.interrupt();
  });
});
