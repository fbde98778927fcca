import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolderOfFile } from '../../programs/temporary-folder';
import { type CheckResults, checkNames, runChecks } from './check-program';
import { buildGoProgram } from './go-program';
import type { ClientName, RunningEtcd } from './target';
import { TARGETS } from './targets';

/**
 * Unmodified clients of etcd against each kind of server: etcd's own for Go with the calls of the frameworks that use it,
 * `etcd3` 1.1.2 of npm, and Debian's python3-etcd3. Each is a program of checks in a folder next to this file.
 */

/** A program of checks. */
interface Client {
  name: ClientName;
  title: string;
  extension: string;
  /** Returns the command that runs the program, and builds it before if necessary. */
  command(folder: string): Promise<string[]>;
}

const folderOf = ({ name }: Client): string => join(import.meta.dirname, name);

const built = temporaryFolderOfFile();
let program: Promise<string> | undefined;

/** Builds the program in Go once for all targets. */
function goProgram(): Promise<string> {
  program ??= buildGoProgram(built);
  return program;
}

const CLIENTS: Client[] = [
  { name: 'go', title: "etcd's client for Go", extension: '.go', command: async () => [await goProgram()] },
  {
    name: 'npm',
    title: 'the client of npm',
    extension: '.js',
    command: async (folder) => [process.execPath, join(folder, 'checks.js')],
  },
  {
    name: 'python',
    title: "Debian's client for Python",
    extension: '.py',
    command: async (folder) => ['/usr/bin/python3', join(folder, 'checks.py')],
  },
];

describe.each(TARGETS)('against $name', (target) => {
  const servers: RunningEtcd[] = [];
  const resultsOf = new Map<ClientName, CheckResults>();
  beforeAll(async () => {
    // Mostly they wait: for leases that end, and for watches.
    await Promise.all(
      CLIENTS.map(async (client) => {
        const [command = '', ...words] = await client.command(folderOf(client));
        const server = await target.start();
        servers.push(server);
        resultsOf.set(client.name, await runChecks(command, words, server));
      }),
    );
  }, 400_000);
  afterAll(() => Promise.all(servers.map((server) => server.stop())));

  describe.each(CLIENTS)('$title', (client) => {
    const names = checkNames(folderOf(client), client.extension);
    const differences = target.differences?.[client.name] ?? {};
    const results = (): CheckResults => resultsOf.get(client.name) ?? new Map();

    it('runs every check', () => {
      expect([...results().keys()].sort()).toEqual([...names].sort());
    });

    it('differs in what is listed', () => {
      const failed = Object.keys(differences).filter((name) => results().get(name) !== undefined);
      expect(failed).toEqual(Object.keys(differences));
    });

    it.each(names.filter((name) => !Object.hasOwn(differences, name)))('%s', (name) => {
      expect(results().has(name) ? results().get(name) : 'did not run').toBeUndefined();
    });
  });
});
