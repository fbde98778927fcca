import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { EtcdAccess } from '../target';
import { normalized, revisionOf } from './normalized';

/** Maximum time that a command takes, or an expected line. */
const COMMAND_MAX_MS = 30_000;

/** Begins the line of a transcript after a command that should have succeeded, or failed. */
export const UNEXPECTED_EXIT = 'unexpected exit code';

/** Commands of `etcdctl`, run one after another against one server, with a transcript that two servers can be compared by. */
export class EtcdctlSession {
  #env: NodeJS.ProcessEnv;
  readonly #access: EtcdAccess;
  /** Identifiers that differ between servers, to the names that replace them. */
  readonly #names = new Map<string, string>();
  #start = 0;
  #transcript: string[] = [];

  constructor(access: EtcdAccess) {
    this.#access = access;
    this.#env = {
      ...process.env,
      ETCDCTL_API: '3',
      ETCDCTL_ENDPOINTS: access.endpoint,
      ETCDCTL_USER: access.user,
      ETCDCTL_PASSWORD: access.password,
      ETCDCTL_DIAL_TIMEOUT: '20s',
      ETCDCTL_COMMAND_TIMEOUT: '20s',
      ...(access.ca === undefined ? {} : { ETCDCTL_CACERT: access.ca }),
    };
  }

  /** Reads the revision that all others of the transcript are relative to. */
  async begin(): Promise<void> {
    const { lines } = await this.#run(['get', 'absent', '-w', 'json'], '');
    this.#start = revisionOf(lines.join('\n'));
  }

  /** Returns what was printed since the last call, and starts over. */
  takeTranscript(): string[] {
    const taken = this.#transcript;
    this.#transcript = [];
    return taken;
  }

  /** Returns a revision of this server, relative to its first. */
  revision(offset: number): string {
    return String(this.#start + offset);
  }

  /** Returns the revision that the next change will have, relative to the first. */
  async offset(): Promise<number> {
    const { lines } = await this.#run(['get', 'absent', '-w', 'json'], '');
    return revisionOf(lines.join('\n')) - this.#start + 1;
  }

  /** Returns the number of keys with a prefix. */
  async count(prefix: string): Promise<number> {
    const { lines } = await this.#run(['get', prefix, '--prefix', '--keys-only'], '');
    return lines.filter((line) => line !== '').length;
  }

  /** Runs a command that succeeds. @returns its lines as they are, which the transcript has in normal form. */
  async ok(...words: string[]): Promise<string[]> {
    return this.#recorded(words, '', true);
  }

  /** Runs a command with input that succeeds. */
  async fed(input: string, ...words: string[]): Promise<void> {
    await this.#recorded(words, input, true);
  }

  /** Runs a command that fails. */
  async refused(...words: string[]): Promise<void> {
    await this.#recorded(words, '', false);
  }

  /** Runs a command with input that fails. */
  async fedAndRefused(input: string, ...words: string[]): Promise<void> {
    await this.#recorded(words, input, false);
  }

  /** Runs commands of another user. */
  async as(user: string, password: string, run: () => Promise<void>): Promise<void> {
    const before = this.#env;
    this.#env = { ...before, ETCDCTL_USER: user, ETCDCTL_PASSWORD: password };
    await run();
    this.#env = before;
  }

  /** Grants a lease, and returns its identifier. */
  async grant(ttlSeconds: number): Promise<string> {
    const { lines } = await this.#run(['lease', 'grant', String(ttlSeconds)], '');
    const [, id = ''] = /^lease ([0-9a-f]+) granted/.exec(lines.join('\n')) ?? [];
    const name = `<lease ${this.#names.size / 2 + 1}>`;
    this.#names.set(id, name).set(String(BigInt(`0x${id || '0'}`)), name);
    this.#record('lease', ['grant', String(ttlSeconds)], lines);
    return id;
  }

  /** Starts a command that runs until it is interrupted. */
  open(...words: string[]): RunningCommand {
    return new RunningCommand(spawn('etcdctl', words, { env: this.#env }), (lines) =>
      this.#record(words[0] ?? '', words.slice(1), lines),
    );
  }

  async #recorded(words: string[], input: string, succeeds: boolean): Promise<string[]> {
    const { code, lines } = await this.#run(words, input);
    if ((code === 0) !== succeeds) lines.push(`${UNEXPECTED_EXIT} ${code}`);
    this.#record(words[0] ?? '', words.slice(1), lines);
    return lines;
  }

  async #run(words: string[], input: string): Promise<{ code: number; lines: string[] }> {
    const command = new RunningCommand(spawn('etcdctl', words, { env: this.#env }), () => {});
    command.write(input, true);
    return { code: await command.end(), lines: command.lines };
  }

  #record(command: string, rest: string[], lines: string[]): void {
    const given = { start: this.#start, names: this.#names, endpoint: this.#access.endpoint };
    this.#transcript.push(...[`$ ${[command, ...rest].join(' ')}`, ...lines].map((line) => normalized(line, given)));
  }
}

/** A command with its output so far, of both kinds. */
export class RunningCommand {
  readonly #child: ChildProcess;
  readonly #record: (lines: string[]) => void;
  readonly #ended: Promise<unknown[]>;
  readonly #timer: NodeJS.Timeout;
  readonly lines: string[] = [];

  constructor(child: ChildProcess, record: (lines: string[]) => void) {
    this.#child = child;
    this.#record = record;
    this.#ended = once(child, 'close');
    this.#timer = setTimeout(() => child.kill('SIGKILL'), COMMAND_MAX_MS);
    for (const input of [child.stdout, child.stderr]) {
      if (input !== null) createInterface(input).on('line', (line) => this.lines.push(line));
    }
    // A command that has ended does not read its input.
    child.stdin?.on('error', () => {});
  }

  write(text: string, isAll = false): void {
    if (isAll) this.#child.stdin?.end(text);
    else this.#child.stdin?.write(text);
  }

  /** Waits for a number of lines. @throws {Error} if the command prints fewer of them and ends, or takes too long. */
  async printed(count: number): Promise<void> {
    while (this.lines.length < count) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`printed ${this.lines.length} lines instead of ${count}: ${this.lines.join('\n')}`);
      }
      await new Promise((wake) => setTimeout(wake, 5));
    }
  }

  /** Waits until the command has ended. @returns its exit code, or -1 after a signal. */
  async end(): Promise<number> {
    const [code] = await this.#ended;
    clearTimeout(this.#timer);
    this.#record(this.lines);
    return typeof code === 'number' ? code : -1;
  }

  /** Interrupts the command as a key does at a terminal, and waits for its end. */
  async interrupt(): Promise<void> {
    this.#child.kill('SIGINT');
    await this.end();
  }

  /** Ends the command without warning. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.end();
  }
}
