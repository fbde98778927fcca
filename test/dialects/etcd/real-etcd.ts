import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../src/launcher/listening-address';
import type { EtcdTarget, RunningEtcd } from './target';

const START_MAX_MS = 30_000;
const TRY_EVERY_MS = 20;
const USER = 'root';
const PASSWORD = 'a password';

/** Starts etcd and resolves when it answers. */
async function started(words: readonly string[], endpoint: string): Promise<ChildProcess> {
  const child = spawn('etcd', words, { stdio: 'ignore' });
  for (const end = Date.now() + START_MAX_MS; Date.now() < end; ) {
    const health = await fetch(`${endpoint}/health`).catch(() => undefined);
    if (health?.ok) return child;
    if (child.exitCode !== null) throw new Error(`etcd ended with ${child.exitCode}`);
    await new Promise((wake) => setTimeout(wake, TRY_EVERY_MS));
  }
  child.kill('SIGKILL');
  throw new Error('etcd did not answer in time');
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** Creates the user that all clients are, and turns authentication on. */
function protect(endpoint: string): void {
  const etcdctl = (...words: string[]) =>
    execFileSync('etcdctl', ['--endpoints', endpoint, ...words], { env: { ...process.env, ETCDCTL_API: '3' } });
  etcdctl('user', 'add', `${USER}:${PASSWORD}`);
  etcdctl('user', 'grant-role', USER, 'root');
  etcdctl('auth', 'enable');
}

async function startEtcd(isProtected: boolean): Promise<RunningEtcd> {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall etcd-'));
  const [port, peerPort] = [await freePort(), await freePort()];
  const endpoint = `http://127.0.0.1:${port}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  // Tokens of the kind `simple` die with the server: watches then end with a refusal that no client recovers from.
  const [secret, open] = [join(folder, 'token.key'), join(folder, 'token.pub')];
  execFileSync('openssl', ['genrsa', '-out', secret, '2048'], { stdio: 'ignore' });
  execFileSync('openssl', ['rsa', '-in', secret, '-pubout', '-out', open], { stdio: 'ignore' });
  const words = [
    ...['--name', 'control', '--data-dir', join(folder, 'data'), '--logger', 'zap', '--log-level', 'error'],
    ...['--listen-client-urls', endpoint, '--advertise-client-urls', endpoint],
    ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ...['--initial-cluster', `control=${peerUrl}`],
    ...['--auth-token', `jwt,pub-key=${open},priv-key=${secret},sign-method=RS256,ttl=1h`, '--bcrypt-cost', '4'],
  ];
  let child = await started(words, endpoint);
  if (isProtected) protect(endpoint);
  return {
    endpoint,
    user: USER,
    password: PASSWORD,
    restart: async () => {
      await killed(child);
      child = await started(words, endpoint);
    },
    stop: async () => {
      await killed(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Debian's etcd with one member and one user: the control of all proofs with clients of etcd. */
export const REAL_ETCD: EtcdTarget = {
  name: 'etcd 3.4.23',
  start: () => startEtcd(true),
  differences: {
    go: {
      'lock service: a caller that gives up leaves nothing':
        'etcd deletes the key of the waiter by a call without its token, which it refuses when it has users',
    },
  },
};

/** Starts the same without users, as the destination of `etcdctl make-mirror`, which can name none. */
export const startOpenEtcd = (): Promise<RunningEtcd> => startEtcd(false);
