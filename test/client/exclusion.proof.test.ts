import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, it, onTestFinished } from 'vitest';
import { PROJECT_ROOT } from '../house/source-tree';
import { withChanges } from '../linearizability/defects';
import { changedResident } from '../programs/changed-resident';
import { startOn } from '../programs/host';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';

/**
 * Processes that take one lock in turn, while they and the registry are killed and frozen: by the entry that was created
 * first, as etcd's clients do, and by the lock of one entry, as Consul's do.
 */

beforeAll(() => {
  execFileSync(process.execPath, [join(PROJECT_ROOT, 'scripts/build-client.js')], { stdio: 'inherit' });
});

const RECIPES = ['first created', 'acquire'] as const;

/** A freeze lasts longer, so that the lock passes on. */
const TTL_MS = 2_000;

/** A time for which a process held the lock by its own clock, which all processes of a machine share. */
interface Tenure {
  readonly pid: number;
  readonly token: number;
  readonly from: number;
  until: number;
}

/** A resource that is to be changed by the newest holder alone. */
class Resource {
  highest = 0;
  accepted = 0;
  refused = 0;
  /** Process that each token arrived from. */
  readonly writers = new Map<number, string>();
  readonly violations: string[] = [];

  write(token: number, writer: string): boolean {
    const known = this.writers.get(token) ?? writer;
    if (known !== writer) this.violations.push(`${writer} and ${known} have the same token ${token}`);
    this.writers.set(token, known);
    if (token < this.highest) this.refused += 1;
    else this.accepted += 1;
    if (token < this.highest) return false;
    this.highest = token;
    return true;
  }

  async serve(): Promise<string> {
    const server = createServer((request, response) => {
      const { 'fencing-token': token, 'x-writer': writer = '' } = request.headers;
      response.writeHead(this.write(Number(token), String(writer)) ? 204 : 409).end();
    });
    server.keepAliveTimeout = 300_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo; // `as`: it listens on a port
    return `http://127.0.0.1:${port}`;
  }
}

/** Returns where two processes held the lock at once, or tokens do not increase from one to the next. */
function overlaps(tenures: readonly Tenure[]): string[] {
  const inOrder = [...tenures].sort((a, b) => a.from - b.from || a.token - b.token);
  return inOrder.slice(1).flatMap((next, index) => {
    const found: string[] = [];
    for (const before of inOrder.slice(0, index + 1)) {
      if (before.until > next.from) found.push(`${shown(next)} while ${shown(before)}`);
      if (before.token >= next.token) found.push(`${shown(next)} after ${shown(before)}`);
    }
    return found;
  });
}

const shown = ({ pid, token, from, until: end }: Tenure) => `${pid} held it with ${token} from ${from} to ${end}`;

/** Faults of a run, in turn. */
const FAULTS = [
  'freeze holder',
  'kill holder',
  'kill registry',
  'freeze holder',
  'freeze registry',
  'kill holder',
] as const;

interface RunOptions {
  recipe: (typeof RECIPES)[number];
  residentPath?: string;
  /** Ends the run before all faults have been tried. */
  isOver?: (violations: readonly string[]) => boolean;
}

async function run({ recipe, residentPath, isOver = () => false }: RunOptions) {
  const registry = await startOn('resident', { data: temporaryFolder(), residentPath });
  onTestFinished(() => registry.stop());
  const resource = new Resource();
  const env = {
    ...process.env,
    REGISTRY: registry.url,
    TOKEN: registry.rootToken,
    RESOURCE: await resource.serve(),
    RECIPE: recipe,
    TTL_MS: String(TTL_MS),
  };
  const tenures: Tenure[] = [];
  const processes = new Map<number, ChildProcess>();
  /** Last line of each process. */
  const last = new Map<number, string>();
  const join = () => {
    const program = spawn(process.execPath, [fileURLToPath(new URL('contender-main.js', import.meta.url))], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { pid = 0 } = program;
    processes.set(pid, program);
    onTestFinished(() => void program.kill('SIGKILL'));
    createInterface(program.stdout).on('line', (line) => {
      const [what, token, at] = line.split(' ');
      last.set(pid, line);
      if (what === 'granted') tenures.push({ pid, token: Number(token), from: Number(at), until: Number(at) });
      const current = tenures.findLast((each) => each.pid === pid && each.token === Number(token));
      if (what === 'held' && current) current.until = Number(at);
    });
  };
  for (let count = 0; count < 3; count += 1) join();
  const violations = () => [...resource.violations, ...overlaps(tenures)];
  const passes = async (after: string) => {
    const newest = tenures.at(-1);
    const isPassed = () => tenures.at(-1) !== newest && tenures.at(-1)?.pid !== newest?.pid;
    await until(`another holder after ${after}`, isPassed, 120_000).catch(async (error) => {
      const entry = await fetch(`${registry.url}/api/v1/ns/public/kv?${new URLSearchParams({ prefix: '' })}`, {
        headers: { Authorization: `Bearer ${registry.rootToken}` },
      }).then((answer) => answer.text(), String);
      const lines = [...last].map(([pid, line]) => `${pid} (${processes.get(pid)?.signalCode ?? 'runs'}): ${line}`);
      throw new Error([String(error), `registry ${registry.pid}: ${entry}`, ...lines].join('\n'));
    });
  };
  await passes('the start');
  for (const fault of FAULTS) {
    if (isOver(violations())) break;
    const holder = processes.get(tenures.at(-1)?.pid ?? 0);
    if (fault === 'kill holder') {
      holder?.kill('SIGKILL');
      join();
    } else if (fault === 'kill registry') await registry.kill('SIGKILL');
    else {
      const stop = (signal: 'SIGSTOP' | 'SIGCONT') => {
        if (fault === 'freeze holder') holder?.kill(signal);
        else process.kill(registry.pid, signal);
      };
      stop('SIGSTOP');
      await sleep(2 * TTL_MS);
      // A holder is frozen until another one has written. If none of its writes was on the way, there is nothing to refuse.
      if (fault === 'freeze holder')
        await until(
          'a write by another one',
          () =>
            resource.highest > (tenures.findLast(({ pid }) => pid === holder?.pid)?.token ?? 0) || isOver(violations()),
          120_000,
        );
      stop('SIGCONT');
    }
    await passes(fault);
  }
  for (const [, program] of processes) program.kill('SIGKILL');
  return { resource, tenures, violations: violations() };
}

it.each(RECIPES)(
  '[LK1, EL1] no lock is held twice while its holders and the registry are killed and frozen: %s',
  async (recipe) => {
    const { resource, tenures, violations } = await run({ recipe });
    console.log(
      `${recipe}: ${tenures.length} holders, ${resource.accepted} writes accepted, ${resource.refused} refused`,
    );
    expect(violations).toEqual([]);
    expect(tenures.length).toBeGreaterThan(FAULTS.length);
    expect(resource.accepted).toBeGreaterThan(FAULTS.length);
  },
);

it('detects that a registry gives the lock of an entry away while a lease holds it', async () => {
  const residentPath = await changedResident(temporaryFolder(), (resident) =>
    withChanges(resident, [['?.lease != null && granted.get(', '?.lease != null && void granted.get(']]),
  );
  const isOver = (violations: readonly string[]) => violations.length > 0;
  const { violations } = await run({ recipe: 'acquire', residentPath, isOver });
  expect(violations.join('\n')).toMatch(/ while | after /);
});
