import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { type ProcessorTimes, processorTimes } from '../../processor-time';
import type { Workspace } from '../../workspace';
import { VALUE } from '../etcd-requests';
import type { DoorServer } from './doors';

/** Folder in which Debian installs the sources of Go packages. */
const GOPATH = '/usr/share/gocode';
const CLIENTV3 = `${GOPATH}/src/go.etcd.io/etcd/clientv3`;

/** End of the client's output that an error quotes: `clientv3` logs every retry before it. */
const FAILURE_CHARACTERS = 1_000;

const run = promisify(execFile);

/** Measurements of the Go client. */
type Measurement = 'prepare' | 'rate' | 'fill' | 'fan-out' | 'keepalive' | 'grant' | 'lateness';

/** Result of a measurement, with the processor times of both processes during it. */
export interface Measured<Result> {
  result: Result;
  clientUs: number;
  server: ProcessorTimes;
}

/** Result of a measurement of a rate. */
export interface Counted {
  count: number;
  seconds: number;
}

/** Returns the reason for which the client can't be built here; undefined if it can. */
export async function goProblem(): Promise<string | undefined> {
  try {
    await run('go', ['version']);
  } catch {
    return 'Go is not installed: apt-get install golang-go golang-etcd-server-dev';
  }
  return existsSync(CLIENTV3) ? undefined : `${CLIENTV3} is missing: apt-get install golang-etcd-server-dev`;
}

/** A client of etcd in Go, which leaves more of the processor to the server than one in JavaScript. */
export class GoClient {
  readonly #program: string;
  readonly #workspace: Workspace;

  private constructor(program: string, workspace: Workspace) {
    this.#program = program;
    this.#workspace = workspace;
  }

  /** Builds the client with Debian's packages. */
  static async build(workspace: Workspace): Promise<GoClient> {
    const program = join(workspace.newFolder('go-client'), 'client');
    // Without modules, because Debian's packages are a GOPATH.
    const env = { ...process.env, GO111MODULE: 'off', GOPATH };
    await run('go', ['build', '-o', program, '.'], { cwd: resolve('bench/peers/etcd/client'), env });
    return new GoClient(program, workspace);
  }

  /**
   * Makes one measurement. Connecting and opening watches are not part of its processor times.
   *
   * @throws {Error} with the client's output if it fails.
   */
  async measure<Result>(
    { grpc, credentials }: DoorServer,
    measurement: Measurement,
    options: Readonly<Record<string, string | number>> = {},
  ): Promise<Measured<Result>> {
    const { user = '', password = '' } = credentials ?? {};
    const all = { endpoint: `127.0.0.1:${grpc.port}`, user, password, value: VALUE.toString(), ...options };
    const words = Object.entries(all).map(([name, value]) => `-${name}=${value}`);
    const child = spawn(this.#program, [measurement, ...words], { stdio: ['pipe', 'pipe', 'pipe'] });
    const forget = this.#workspace.atEnd(() => child.kill('SIGKILL'));
    const ended = once(child, 'close');
    let failure = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      failure = (failure + text).slice(-FAILURE_CHARACTERS);
    });
    let before: ProcessorTimes | undefined;
    let last = '';
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line === 'ready') {
        before = processorTimes(grpc.pid);
        child.stdin.write('\n');
      } else last = line;
    });
    await ended;
    forget();
    if (child.exitCode !== 0 || before === undefined) {
      throw new Error(`the Go client failed in ${measurement} at port ${grpc.port}: ${failure}`);
    }
    const after = processorTimes(grpc.pid);
    const answer = JSON.parse(last) as { result: Result; processorUs: number }; // `as`: main.go writes it
    return {
      result: answer.result,
      clientUs: answer.processorUs,
      server: { userUs: after.userUs - before.userUs, systemUs: after.systemUs - before.systemUs },
    };
  }
}
