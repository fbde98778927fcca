import { Agent, request } from 'node:http';
import { expect, it, onTestFinished } from 'vitest';
import { startOn } from '../../programs/host';
import { temporaryFolder } from '../../programs/temporary-folder';

it('[EK1] the port for clients of etcd answers many requests of HTTP/1 on one connection', async () => {
  const registry = await startOn('resident', { data: temporaryFolder(), etcdPort: 0 });
  onTestFinished(() => registry.stop());
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  onTestFinished(() => agent.destroy());
  const answered = () =>
    new Promise<boolean>((resolve, reject) => {
      const sent = request(`${registry.etcdUrl}/version`, { agent }, (response) => {
        response.resume().on('end', () => resolve(sent.reusedSocket));
      });
      sent.on('error', reject).end();
    });
  expect([await answered(), await answered(), await answered()]).toEqual([false, true, true]);
});
