import { createServer } from 'node:net';
import { onTestFinished } from 'vitest';
import { Program } from '../programs/program';
import { temporaryFolder } from '../programs/temporary-folder';

/** Returns a port that is free at the moment. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const address = server.address();
  await new Promise((closed) => server.close(closed));
  if (address === null || typeof address === 'string') throw new Error('a server listens on a port');
  return address.port;
}

/** Starts an empty etcd of one member for the running test, and returns its URL. */
export async function startEtcd(): Promise<string> {
  const [client, peer] = await Promise.all([freePort(), freePort()]);
  const url = `http://127.0.0.1:${client}`;
  const peerUrl = `http://127.0.0.1:${peer}`;
  const options = {
    '--data-dir': temporaryFolder(),
    '--listen-client-urls': url,
    '--advertise-client-urls': url,
    '--listen-peer-urls': peerUrl,
    '--initial-advertise-peer-urls': peerUrl,
    '--initial-cluster': `default=${peerUrl}`,
  };
  const program = new Program('etcd', Object.entries(options).flat());
  await program.prints(/ready to serve client requests/);
  onTestFinished(() => program.kill('SIGKILL'));
  return url;
}
