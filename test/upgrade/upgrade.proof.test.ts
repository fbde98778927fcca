import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HistoryPage } from '../../src/client/wire/history-answers';
import { DIRECTORY_SCHEMA_VERSION } from '../../src/core/directory/tables';
import { SCHEMA_VERSION } from '../../src/core/storage/schema';
import { STORAGE_NAME } from '../../src/launcher/data-folder';
import { answerOf, ask, Load, type Place } from '../backup/loaded-registry';
import { EventReader } from '../fixtures/event-reader';
import { databasesOf, HOSTS, type Host, startOn } from '../programs/host';
import type { RunningRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { RegistrySocket } from '../watch-proofs/registry-socket';
import { until } from '../watch-proofs/until';
import { layOutRelease, type ReleaseAnswers, readAnswers, releasedVersions } from './release';

const SEED = 11;
const NS = '/ns/public';
const ORDERS = `${NS}/groups/DEFAULT_GROUP/services/orders`;

async function start(host: Host, data: string): Promise<RunningRegistry> {
  const registry = await startOn(host, { data });
  onTestFinished(() => registry.stop());
  return registry;
}

/** Returns the data folder of a release that has just been stopped. */
function dataOf(host: Host, version: string): string {
  const data = join(temporaryFolder(), 'data');
  layOutRelease(host, version, data, Date.now());
  return data;
}

/** Removes the flapping mark of instances, which ends by time alone. */
const lasting = (instances: readonly unknown[]) =>
  (instances as { flapping?: boolean }[]).map(({ flapping: _flapping, ...view }) => view);

const idsIn = (instances: readonly unknown[]) => (instances as { id: string }[]).map(({ id }) => id);

/** Returns the ids of a service's instances from the release. */
const idsOf = async (place: Place) =>
  idsIn((await answerOf<{ instances: unknown[] }>(place, 'GET', `${ORDERS}/instances`)).instances);

/** Checks the present, the past, the tokens and every cursor against the answers of the release. */
async function readEverything(registry: RunningRegistry, answers: ReleaseAnswers, load: Load): Promise<void> {
  const owner = { url: registry.url, rootToken: answers.owner };
  for (const [service, instances] of Object.entries(answers.lists)) {
    const now = await answerOf<{ instances: unknown[] }>(owner, 'GET', `${service}/instances`);
    expect(lasting(now.instances)).toEqual(lasting(instances));
  }
  const then = `${ORDERS}/instances?at=${answers.earlier.cursor}`;
  const past = await answerOf<{ instances: unknown[] }>(owner, 'GET', then);
  expect(lasting(past.instances)).toEqual(lasting(answers.earlier.list));

  const entries: HistoryPage['entries'] = [];
  for (let after = ''; ; ) {
    const page = await answerOf<HistoryPage>(registry, 'GET', `${NS}/history?limit=1000${after}`);
    entries.push(...page.entries);
    if (page.next === undefined) break;
    after = `&after=${encodeURIComponent(page.next)}`;
  }
  const kept = new Map(entries.map((entry) => [entry.revision, entry]));
  for (const { revision, cursor, cause, actor } of answers.history)
    expect(kept.get(revision)).toMatchObject({ cursor, cause, actor });

  await until('the namespace has moved on', () => (load.revisions.get('public') ?? 0) > 0);
  const resumed = await fetch(`${registry.url}/api/v1${NS}/watch?cursor=${answers.cursor}`, {
    headers: { Authorization: `Bearer ${registry.rootToken}` },
  });
  const events = new EventReader(resumed.body);
  const [first] = await events.take(1);
  expect(first?.event).toBe('changes');
  await events.leave();

  const listed = await answerOf<{ namespaces: object[] }>(registry, 'GET', '/ns');
  expect(listed.namespaces).toMatchObject([
    { id: 'public' },
    { id: 'team-a', title: 'Team A', limits: { instances: 100 } },
  ]);
  const trail = await answerOf<{ entries: { action: string }[] }>(registry, 'GET', '/audit');
  expect(trail.entries.map(({ action }) => action)).toContain('token-revoked');
}

/** Renews the instance of the release as its owner, and resumes its session. */
async function renew(owner: Place, answers: ReleaseAnswers): Promise<RegistrySocket> {
  expect(await idsOf(owner)).toEqual(['beats', 'falls-silent', 'in-session']);
  const beat = await answerOf<{ expiresAt: string }>(owner, 'POST', `${ORDERS}/instances/beats/heartbeat`);
  expect(Date.parse(beat.expiresAt)).toBeGreaterThan(Date.now() + 10_000);
  const socket = await RegistrySocket.open(owner);
  const { session } = await socket.session({ session: answers.session });
  expect(session).toBe(answers.session);
  return socket;
}

const releases = HOSTS.flatMap((host) => releasedVersions().map((version) => [version, host] as const));

describe.each(releases)('the data of version %s, in %s', (version, host) => {
  it('[U8, I6] is read under load and keeps its leases: holders that renew stay, silent ones expire', async () => {
    const answers = readAnswers(version);
    const registry = await start(host, dataOf(host, version));
    const owner = { url: registry.url, rootToken: answers.owner };
    // The load uses another service: that of the release stays unchanged.
    const load = new Load(registry, SEED, ['public', 'team-a']);
    const socket = await renew(owner, answers);
    await readEverything(registry, answers, load);
    await load.end();
    expect(load.refusals).toEqual([]);
    await until('the silent instance has expired, and the renewed one has not', async () => {
      await answerOf(owner, 'POST', `${ORDERS}/instances/beats/heartbeat`);
      return (await idsOf(owner)).length === 2;
    });
    expect(await idsOf(owner)).toEqual(['beats', 'in-session']);
    socket.send({ type: 'end' });
    await until('the session has ended', async () => (await idsOf(owner)).length === 1);
  });
});

describe.each(HOSTS)('the data of the next version, in %s', (host) => {
  const databases = databasesOf(host);

  /**
   * Upgrades the data folder of a release to today's version and stops. A later version has everything that this one has.
   */
  async function todaysDataOf(version: string): Promise<string> {
    const data = dataOf(host, version);
    const registry = await startOn(host, { data });
    for (const ns of ['public', 'team-a']) await answerOf(registry, 'GET', `/ns/${ns}/stats`);
    await registry.stop();
    return data;
  }

  /** Changes a stopped registry's databases as a later version would. */
  function advance(data: string, file: string, statements: string): void {
    const database = new DatabaseSync(join(data, STORAGE_NAME, file));
    database.exec(statements);
    database.close();
  }

  const version = releasedVersions().at(-1) ?? '';
  const nextOf = (known: number) => `UPDATE property SET value = '${known + 1}' WHERE name = 'schema';`;
  const readableFrom = (known: number) => `INSERT OR REPLACE INTO property VALUES ('readable-from', '${known}');`;

  /** The storage does not declare which versions may read it. */
  const saysNothing = "DELETE FROM property WHERE name = 'readable-from';";

  type Reasons = readonly [namespace: string, directory: string];
  const todayOf = (known: number) => `UPDATE property SET value = '${known}' WHERE name = 'schema'`;

  async function expectRefusal(registry: RunningRegistry, path: string, why: string): Promise<void> {
    const refused = await ask(registry, 'GET', path);
    expect([refused.status, await refused.text()]).toEqual([503, expect.stringContaining(why)]);
  }

  /**
   * Calls of a namespace with storage of a later version are refused and the others served. A directory of one prevents
   * the start.
   */
  async function expectResidentToRefuse(data: string, [namespace, directory]: Reasons): Promise<void> {
    const printed: string[] = [];
    const registry = await startOn(host, { data, output: (line) => void printed.push(line) });
    await until('the log has the reason', () => printed.some((line) => line.includes(namespace)));
    await expectRefusal(registry, '/ns/public/stats', namespace);
    await answerOf(registry, 'GET', '/ns/team-a/stats');
    await registry.stop();
    advance(data, databases.directory, nextOf(DIRECTORY_SCHEMA_VERSION) + saysNothing);
    await expect(startOn(host, { data })).rejects.toThrow(directory);
  }

  /** Each object refuses its own calls. The test's start waits for the default namespace to answer. */
  async function expectWorkerdToRefuse(data: string, [namespace, directory]: Reasons): Promise<void> {
    await expect(startOn(host, { data })).rejects.toThrow(namespace);
    advance(data, databases.namespace('public'), todayOf(SCHEMA_VERSION));
    advance(data, databases.directory, nextOf(DIRECTORY_SCHEMA_VERSION) + saysNothing);
    const registry = await start(host, data);
    await expectRefusal(registry, '/tokens', directory);
    await answerOf(registry, 'PUT', `${ORDERS}/instances/new`, { address: '10.0.0.7', port: 1 });
  }

  it('[U9] is read and written if it declares that this version may', async () => {
    const data = await todaysDataOf(version);
    const more = 'ALTER TABLE record ADD COLUMN later TEXT; CREATE TABLE later (id TEXT PRIMARY KEY) STRICT;';
    advance(data, databases.namespace('public'), more + nextOf(SCHEMA_VERSION) + readableFrom(SCHEMA_VERSION));
    advance(data, databases.directory, nextOf(DIRECTORY_SCHEMA_VERSION) + readableFrom(DIRECTORY_SCHEMA_VERSION));
    const registry = await start(host, data);
    const owner = { url: registry.url, rootToken: readAnswers(version).owner };
    await answerOf(owner, 'PUT', `${ORDERS}/instances/new`, { address: '10.0.0.7', port: 1 });
    const { instances } = await answerOf<{ instances: unknown[] }>(owner, 'GET', `${ORDERS}/instances`);
    expect(idsIn(instances)).toEqual(expect.arrayContaining(['beats', 'in-session', 'new']));
  });

  it('[U9, S3] is refused otherwise, by a start or by each call, with the reason', async () => {
    const data = await todaysDataOf(version);
    const of = (known: number) =>
      `schema ${known + 1}; this version of Rollcall supports ${known}. Run the version that wrote`;
    advance(data, databases.namespace('public'), nextOf(SCHEMA_VERSION) + saysNothing);
    const why = [of(SCHEMA_VERSION), of(DIRECTORY_SCHEMA_VERSION)] as const;
    if (host === 'workerd') await expectWorkerdToRefuse(data, why);
    else await expectResidentToRefuse(data, why);
  });
});
