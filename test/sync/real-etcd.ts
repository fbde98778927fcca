import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { freePort } from '../../src/launcher/listening-address';
import { until } from '../watch-proofs/until';

/** Debian's etcd with one member, in a separate folder, until the end of the test. */
export class RealEtcd {
  readonly url: string;
  /** Name and password of the user that etcdctl is, once authentication is on. */
  user: string | undefined;
  readonly #words: readonly string[];
  readonly #folder: string;
  #child: ChildProcess | undefined;

  private constructor(port: number, peerPort: number) {
    this.#folder = mkdtempSync(join(tmpdir(), 'rollcall etcd-'));
    this.url = `http://127.0.0.1:${port}`;
    const peerUrl = `http://127.0.0.1:${peerPort}`;
    this.#words = [
      ...['--data-dir', join(this.#folder, 'data'), '--log-level', 'error', '--bcrypt-cost', '4'],
      ...['--listen-client-urls', this.url, '--advertise-client-urls', this.url],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
      ...['--initial-cluster', `default=${peerUrl}`],
    ];
  }

  static async start(): Promise<RealEtcd> {
    const etcd = new RealEtcd(await freePort(), await freePort());
    onTestFinished(async () => {
      await etcd.kill();
      rmSync(etcd.#folder, { recursive: true, force: true });
    });
    await etcd.start();
    return etcd;
  }

  /** Starts it on its data, and waits until it responds. */
  async start(): Promise<void> {
    this.#child = spawn('etcd', [...this.#words], { stdio: 'ignore' });
    await until('etcd responds', async () => (await fetch(`${this.url}/health`).catch(() => undefined))?.ok === true);
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Runs etcdctl, which must succeed, and returns what it prints. */
  ctl(...words: string[]): string {
    const login = this.user === undefined ? [] : ['--user', this.user];
    const env = { ...process.env, ETCDCTL_API: '3' };
    return execFileSync('etcdctl', ['--endpoints', this.url, ...login, ...words], { env, encoding: 'utf8' });
  }

  /** Grants a lease. Returns its id as etcdctl takes it, and as keys of go-zero contain it. */
  grant(ttlSeconds = 600): { lease: string; decimal: string } {
    const [, lease = ''] = /^lease (\w+) granted/.exec(this.ctl('lease', 'grant', String(ttlSeconds))) ?? [];
    return { lease, decimal: String(BigInt(`0x${lease}`)) };
  }

  put(key: string, value: string, lease?: string): void {
    this.ctl('put', ...(lease === undefined ? [] : ['--lease', lease]), '--', key, value);
  }
}
