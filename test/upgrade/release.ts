import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as sqlite from 'node:sqlite';
import { STORAGE_NAME } from '../../src/launcher/data-folder';
import { DIRECTORY_NAME } from '../../src/model/service-name';
import { databasesOf, type Host } from '../programs/host';
import { DIRECTORY_OBJECT_FILE, objectFile, writeAlarms } from '../workerd/stored-objects';

/** The saved storages of releases, a folder for each version. Everything here runs in the project's folder. */
const RELEASES = resolve('test/upgrade/releases');

/** Returns the versions with a saved storage, oldest first. */
export function releasedVersions(): string[] {
  return readdirSync(RELEASES).sort(new Intl.Collator('en', { numeric: true }).compare);
}

/** Answers of a release that its clients still rely on. */
export interface ReleaseAnswers {
  /** When the release was stopped, in milliseconds since the epoch. */
  stoppedAt: number;
  owner: string;
  session: string;
  /** Lists of services, at the newest cursor and at one in the middle of the past. */
  cursor: string;
  lists: Record<string, unknown[]>;
  earlier: { cursor: string; list: unknown[] };
  history: { revision: number; cursor: string; cause: string; actor: string; at: string }[];
}

export function readAnswers(version: string): ReleaseAnswers {
  // `as`: only make-release.ts writes it.
  return JSON.parse(readFileSync(join(RELEASES, version, 'answers.json'), 'utf8')) as ReleaseAnswers;
}

/** Stores the content of a release's data folder in workerd as text. */
export function keepRelease(
  version: string,
  data: string,
  namespaces: readonly string[],
  answers: ReleaseAnswers,
): void {
  const folder = join(RELEASES, version);
  mkdirSync(folder, { recursive: true });
  const keep = (name: string, file: string) =>
    writeFileSync(join(folder, `${name}.sql`), dumpOf(join(data, STORAGE_NAME, file)));
  keep('directory', DIRECTORY_OBJECT_FILE);
  for (const id of namespaces) keep(`namespace-${id}`, objectFile(id));
  writeFileSync(join(folder, 'answers.json'), `${JSON.stringify(answers, null, 2)}\n`);
}

/** Dumps a database as statements that recreate it. */
function dumpOf(path: string): string {
  const database = new sqlite.DatabaseSync(path, { readOnly: true });
  const lines: string[] = [];
  for (const { type, name, sql } of database.prepare('SELECT type, name, sql FROM sqlite_schema').all()) {
    if (sql === null) continue;
    lines.push(`${sql};`);
    if (type !== 'table') continue;
    const columns = database.prepare(`SELECT name FROM pragma_table_info('${name}')`).all();
    const values = columns.map((column) => `quote(${column.name})`).join(` || ', ' || `);
    for (const row of database.prepare(`SELECT ${values} AS row FROM ${name}`).all())
      lines.push(`INSERT INTO ${name} VALUES (${row.row});`);
  }
  database.close();
  return `${lines.join('\n')}\n`;
}

/**
 * Recreates the data folder of a release as if it had just been stopped, because data with a retention of some days would be
 * gone otherwise. Every host stores the same tables in different files.
 *
 * @param now Milliseconds since the epoch.
 */
export function layOutRelease(host: Host, version: string, data: string, now: number): void {
  const databases = databasesOf(host);
  const passedMs = Math.round(now - readAnswers(version).stoppedAt);
  const namespaces: { path: string; name: string }[] = [];
  for (const file of readdirSync(join(RELEASES, version))) {
    if (!file.endsWith('.sql')) continue;
    const id = /^namespace-(.+)\.sql$/.exec(file)?.[1];
    const path = join(data, STORAGE_NAME, id === undefined ? databases.directory : databases.namespace(id));
    mkdirSync(dirname(path), { recursive: true });
    const database = new sqlite.DatabaseSync(path);
    database.exec(`BEGIN; ${readFileSync(join(RELEASES, version, file), 'utf8')}; COMMIT;`);
    if (id === undefined) database.exec(`UPDATE audit SET at = at + ${passedMs}`);
    else {
      // Times on the namespace's axis stay unchanged: only their distance to the clock has grown.
      database.exec(`UPDATE journal SET at = at + ${passedMs}`);
      database.exec(`UPDATE checkpoint SET shift_ms = shift_ms - ${passedMs} WHERE row = 0`);
      namespaces.push({ path, name: id });
    }
    database.close();
  }
  if (host !== 'workerd') return;
  writeAlarms(namespaces);
  writeAlarms([{ path: join(data, STORAGE_NAME, DIRECTORY_OBJECT_FILE), name: DIRECTORY_NAME }]);
}
