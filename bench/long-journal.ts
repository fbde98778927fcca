import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Registry } from '../src/core/namespace/core';
import { newCounters } from '../src/core/platform/counters';
import type { Platform } from '../src/core/platform/platform';
import { DataFiles } from '../src/host/resident/data-files';
import { nodeSqlite } from '../src/host/resident/storage/node-sqlite';
import { InstanceDefinition } from '../src/model/instance';
import { placeOf } from './population';
import { referenceInstance } from './reference-instance';

/** Number of changes that share a write. */
const GROUP_COUNT = 2_000;

/** A stretch of a journal: a number of revisions, each a change of one instance. */
export interface Stretch {
  revisions: number;
  /** Returns the number of the instance that revision `n` changes. */
  instance: (n: number) => number;
}

/**
 * Writes a long history into the files of a stopped server.
 *
 * @param storage Folder of the server's data, with one namespace.
 * @returns Times between the stretches, at which nothing else happened.
 */
export async function lengthenJournal(storage: string, stretches: readonly Stretch[]): Promise<string[]> {
  const times: string[] = [];
  await changeStopped(storage, (registry) => lengthen(registry, stretches, times));
  return times;
}

/**
 * Changes the namespace of a stopped server. The registry's own code does it, in Node: over HTTP, a hundred thousand changes
 * take minutes.
 *
 * @param storage Folder of the server's data, with one namespace.
 */
export async function changeStopped(storage: string, work: (registry: Registry) => Promise<void>): Promise<void> {
  const database = new DatabaseSync(fileOfNamespace(storage));
  await work(Registry.wake(platform(database)));
  database.close();
}

async function lengthen(registry: Registry, stretches: readonly Stretch[], times: string[]): Promise<void> {
  for (const { revisions, instance } of stretches) {
    for (let first = 0; first < revisions; first += GROUP_COUNT) {
      const group = Array.from({ length: Math.min(GROUP_COUNT, revisions - first) }, (_, index) => {
        const n = instance(first + index);
        const generation = times.length * 1_000_000 + first + index + 1;
        const definition = InstanceDefinition.parse(referenceInstance(n, { generation, longLease: true }));
        const key = { group: 'DEFAULT_GROUP', ...placeOf(n) };
        return registry.register({ tokenId: 'root', operates: true }, { key, definition, precondition: {} });
      });
      await Promise.all(group);
    }
    await new Promise((passed) => setTimeout(passed, 5));
    times.push(new Date().toISOString());
    await new Promise((passed) => setTimeout(passed, 5));
  }
}

/** Returns the file of the only namespace, in the layout of the resident host or of workerd. */
function fileOfNamespace(storage: string): string {
  const resident = join(storage, 'storage');
  if (existsSync(resident)) return new DataFiles(resident).namespace('public');
  const folder = readdirSync(storage).find((name) => name.endsWith('NamespaceObject'));
  const file = readdirSync(join(storage, folder ?? '')).find((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (folder === undefined || file === undefined) throw new Error(`there is no namespace in ${storage}`);
  return join(storage, folder, file);
}

/** Returns a minimal platform for the core. */
function platform(database: DatabaseSync): Platform {
  return {
    storage: nodeSqlite(database),
    clock: { now: () => Date.now() },
    random: { fraction: () => Math.random(), id: () => crypto.randomUUID() },
    alarm: { armedFor: () => null, arm: () => {} },
    claimsOf: () => [],
    nextTurn: () => new Promise((resolve) => setImmediate(resolve)),
    connections: { all: () => [], heardAt: () => 0 },
    digest: async (secret) => secret,
    counters: newCounters(0),
    erase: async () => {},
    endedTokens: async () => [],
    audit: { begin: async () => 0, end: () => {} },
    abort: (reason) => {
      throw new Error(reason);
    },
    log: () => {},
  };
}
