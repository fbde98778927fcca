import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Program } from '../programs/program';
import { type InstalledProgram, installProgram } from '../programs/program-folder';
import { type RegistryOptions, type RunningRegistry, startRegistry } from '../programs/registry';
import { systemNode } from '../programs/system-node';

/** Result of a command. */
export interface CommandEnd {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A registry and the command line, in a separate folder. Starts before tests and ends after them. */
export class CliStage {
  readonly folder: string;
  readonly registry: RunningRegistry;
  readonly #installed: InstalledProgram;

  private constructor(folder: string, registry: RunningRegistry, installed: InstalledProgram) {
    this.folder = folder;
    this.registry = registry;
    this.#installed = installed;
  }

  /** @param options Options of its registry. */
  static async start(options: Partial<RegistryOptions> = {}): Promise<CliStage> {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall cli-'));
    const installed = await installProgram(folder);
    return new CliStage(folder, await startRegistry({ data: join(folder, 'data'), ...options }), installed);
  }

  async stop(): Promise<void> {
    await this.registry.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Returns the environment of a user of this registry, without that of the process that runs the tests. */
  env(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
    const { PATH, HOME, LANG } = process.env;
    const { url: ROLLCALL_URL, rootToken: ROLLCALL_TOKEN } = this.registry;
    return {
      PATH: `${this.#installed.bin}:${PATH}`,
      HOME,
      LANG,
      XDG_CONFIG_HOME: join(this.folder, 'config'),
      ROLLCALL_URL,
      ROLLCALL_TOKEN,
      ...more,
    };
  }

  /** Runs a command to its end, on the Node of this machine. Variables with the value `undefined` are not set. */
  async run(words: readonly string[], more: NodeJS.ProcessEnv = {}, input = ''): Promise<CommandEnd> {
    const child = spawn(systemNode(), [this.#installed.program, ...words], { cwd: this.folder, env: this.env(more) });
    child.stdin.end(input);
    const code = new Promise<number | null>((resolve) => child.once('close', resolve));
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: await code, stdout, stderr };
  }

  /** Runs a command that must succeed, and returns its output as parsed JSON. */
  async json(...words: string[]): Promise<unknown> {
    const { code, stdout, stderr } = await this.run([...words, '--json']);
    if (code !== 0) throw new Error(`${words.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout);
  }

  /** Starts a long-running command, and stops it at the end of the test. */
  begin(words: readonly string[], more: NodeJS.ProcessEnv = {}, node = systemNode()): Program {
    return new Program(node, [this.#installed.program, ...words], { cwd: this.folder, env: this.env(more) });
  }

  /** Registers an instance that outlives any test. */
  async register(service: string, id: string, ...more: string[]): Promise<void> {
    const words = ['register', service, id, '--address', '10.0.0.7', '--port', '8080', '--ttl', '10m', ...more];
    const { code, stderr } = await this.run(words);
    if (code !== 0) throw new Error(stderr);
  }
}
