import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, rollcallAdmin } from '../../src/client/admin';
import type { Instance } from '../../src/client/wire/instance';
import { CliStage } from '../cli/cli-stage';
import { type RunningRegistry, startRegistry } from '../programs/registry';

/**
 * Two registries, connected by the command line: one is mirrored, as if it were of another kind, and one receives the
 * mirror.
 */
export class MirrorStage {
  readonly cli: CliStage;
  readonly source: RunningRegistry;
  readonly #folder: string;

  private constructor(cli: CliStage, source: RunningRegistry, folder: string) {
    this.cli = cli;
    this.source = source;
    this.#folder = folder;
  }

  static async start(): Promise<MirrorStage> {
    const folder = mkdtempSync(join(tmpdir(), 'rollcall-source-'));
    const [cli, source] = await Promise.all([CliStage.start(), startRegistry({ data: folder })]);
    return new MirrorStage(cli, source, folder);
  }

  async stop(): Promise<void> {
    await Promise.all([this.cli.stop(), this.source.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Creates a namespace in the receiving registry, with a token that has the permissions of a mirror. */
  async namespace(ns: string): Promise<Target> {
    const { url, rootToken } = this.cli.registry;
    const registry = rollcallAdmin({ url, token: rootToken, namespace: ns });
    await registry.createNamespace({ body: { id: ns } });
    const grants = (['read', 'register'] as const).map((scope) => ({ scope, ns }));
    const { token } = await registry.createToken({ body: { name: `mirror of ${ns}`, grants } });
    return new Target(registry, ns, token);
  }

  /** Sends a request to the source. */
  async ask(method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Response> {
    const answer = await fetch(`${this.source.url}${path}`, {
      method,
      headers: { Authorization: `Bearer ${this.source.rootToken}`, ...headers },
      ...(body !== undefined && { body }),
    });
    if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
    return answer;
  }
}

/** A namespace that receives a mirror. */
export class Target {
  constructor(
    readonly registry: Admin,
    readonly ns: string,
    readonly token: string,
  ) {}

  async instances(service: string): Promise<Instance[]> {
    return (await this.registry.listInstances({ service })).instances;
  }

  async ids(service: string): Promise<string[]> {
    return (await this.instances(service)).map(({ id }) => id);
  }

  /** Returns the environment of a command that writes to it. */
  get env(): NodeJS.ProcessEnv {
    return { ROLLCALL_NAMESPACE: this.ns, ROLLCALL_TOKEN: this.token };
  }
}
