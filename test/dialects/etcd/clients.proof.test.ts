import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolderOfFile } from '../../programs/temporary-folder';
import { type CheckResults, checkNames, runChecks } from './check-program';
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
  command(folder: string): string[];
}

const folderOf = ({ name }: Client): string => join(import.meta.dirname, name);

const built = temporaryFolderOfFile();
let program: string | undefined;

/** Builds the program in Go once for all targets. The cache stays on the machine, because a build without it takes 20 seconds. */
function goProgram(folder: string): string {
  if (program !== undefined) return program;
  const output = join(built, 'checks');
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOFLAGS: '',
    GOCACHE: join(tmpdir(), 'rollcall-go-build'),
  };
  execFileSync('go', ['build', '-o', output, '.'], { cwd: folder, env, stdio: 'inherit' });
  program = output;
  return output;
}

const CLIENTS: Client[] = [
  { name: 'go', title: "etcd's client for Go", extension: '.go', command: (folder) => [goProgram(folder)] },
  {
    name: 'npm',
    title: 'the client of npm',
    extension: '.js',
    command: (folder) => [process.execPath, join(folder, 'checks.js')],
  },
  {
    name: 'python',
    title: "Debian's client for Python",
    extension: '.py',
    command: (folder) => ['/usr/bin/python3', join(folder, 'checks.py')],
  },
];

describe.each(TARGETS)('against $name', (target) => {
  describe.each(CLIENTS)('$title', (client) => {
    const names = checkNames(folderOf(client), client.extension);
    const differences = target.differences?.[client.name] ?? {};
    let server: RunningEtcd;
    let results: CheckResults;
    beforeAll(async () => {
      const [command = '', ...words] = client.command(folderOf(client));
      server = await target.start();
      results = await runChecks(command, words, server);
    }, 180_000);
    afterAll(() => server?.stop());

    it('runs every check', () => {
      expect([...results.keys()].sort()).toEqual([...names].sort());
    });

    it('differs in what is listed', () => {
      const failed = Object.keys(differences).filter((name) => results.get(name) !== undefined);
      expect(failed).toEqual(Object.keys(differences));
    });

    it.each(names.filter((name) => !Object.hasOwn(differences, name)))('%s', (name) => {
      expect(results.has(name) ? results.get(name) : 'did not run').toBeUndefined();
    });
  });
});
