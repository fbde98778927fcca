import { describe, expect, it, onTestFinished } from 'vitest';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { temporaryFolder } from '../programs/temporary-folder';
import { until } from '../watch-proofs/until';
import { brokenServer, eurekaClient, prometheus, serviceUrl, started } from './eureka-clients';

/** Unmodified third-party clients against the real registry: eureka-js-client 4.5.0 of npm, Debian's Prometheus. */

async function registry(): Promise<RunningRegistry> {
  const running = await startRegistry({ data: temporaryFolder() });
  onTestFinished(() => running.stop());
  return running;
}

const SERVICES = '/api/v1/ns/public/groups/DEFAULT_GROUP/services';

async function native(
  { url, rootToken }: RunningRegistry,
  method: string,
  path: string,
  body?: object,
): Promise<unknown> {
  const headers = { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${await answer.text()}`);
  return answer.status === 204 ? undefined : await answer.json();
}

/** Returns the ids of a service's instances, as the native API lists them. */
async function listed(running: RunningRegistry, service: string): Promise<string[]> {
  const { instances } = (await native(running, 'GET', `${SERVICES}/${service}/instances`)) as {
    instances: { id: string }[];
  }; // `as`: a list
  return instances.map(({ id }) => id);
}

describe('eureka-js-client', () => {
  it('[F1, F2] fails over from a broken server, sends heartbeats, registers again after it was removed, and deregisters', async () => {
    const running = await registry();
    const broken = await brokenServer();
    const client = eurekaClient([broken.url, serviceUrl(running)]);
    let beats = 0;
    let registrations = 0;
    client.on('heartbeat', () => {
      beats += 1;
    });
    client.on('registered', () => {
      registrations += 1;
    });
    await started(client);
    expect(broken.asked()).toBeGreaterThan(0);
    expect(await listed(running, 'jqservice')).toEqual(['localhost']);
    await until('it has sent a heartbeat', () => beats >= 3);
    expect(registrations).toBe(1);
    await native(running, 'DELETE', `${SERVICES}/jqservice/instances/localhost`);
    await until('it has registered again', () => registrations === 2);
    expect(await listed(running, 'jqservice')).toEqual(['localhost']);
    await new Promise<void>((resolve) => client.stop(() => resolve()));
    expect(await listed(running, 'jqservice')).toEqual([]);
  });

  it.each([
    ['full lists', false],
    ['deltas', true],
  ])(
    '[F1, F4] reads %s, including instances that other doors register, change and remove',
    async (_what, shouldUseDelta) => {
      const running = await registry();
      const client = eurekaClient([serviceUrl(running)], { shouldUseDelta });
      await started(client);
      const users = () => client.getInstancesByVipAddress('users').map(({ hostName }) => hostName);
      await native(running, 'PUT', `${SERVICES}/users/instances/u1`, { address: '10.0.0.9', port: 9000 });
      await until('it sees the instance', () => users().includes('10.0.0.9'));
      await native(running, 'PUT', `${SERVICES}/users/instances/u1/override`, { enabled: false });
      await until('it does not use one that is out of service', () => users().length === 0);
      await native(running, 'DELETE', `${SERVICES}/users/instances/u1/override`);
      await until('it uses it again', () => users().length === 1);
      await native(running, 'DELETE', `${SERVICES}/users/instances/u1`);
      await until('it is gone', () => users().length === 0);
      expect(client.getInstancesByAppId('JQSERVICE')).toHaveLength(1);
    },
  );
});

describe('Prometheus', () => {
  it('[F1, F3] discovers the instances of all doors, from XML', async () => {
    const running = await registry();
    await started(
      eurekaClient(
        [serviceUrl(running)],
        {},
        { instanceId: 'js:1', metadata: { my_key: 'a&b', 'management.port': '81' } },
      ),
    );
    await native(running, 'PUT', `${SERVICES}/users/instances/u1`, {
      address: '10.0.0.9',
      port: 9000,
      metadata: { team: 'x y' },
    });
    const targets = await prometheus(running);
    await until('it has found both', async () => (await targets()).length === 2);
    const labels = (await targets()).map(({ discoveredLabels }) => discoveredLabels);
    labels.sort((a, b) => ((a.__address__ ?? '') < (b.__address__ ?? '') ? -1 : 1));
    expect(labels).toMatchObject([
      {
        __address__: '10.0.0.9:9000',
        __meta_eureka_app_name: 'USERS',
        __meta_eureka_app_instance_id: 'u1',
        __meta_eureka_app_instance_status: 'UP',
        __meta_eureka_app_instance_vip_address: 'users',
        __meta_eureka_app_instance_metadata_team: 'x y',
      },
      {
        __address__: 'localhost:8080',
        __meta_eureka_app_name: 'JQSERVICE',
        __meta_eureka_app_instance_id: 'js:1',
        __meta_eureka_app_instance_metadata_my__key: 'a&amp;b',
        __meta_eureka_app_instance_metadata_management_port: '81',
        __meta_eureka_app_instance_datacenterinfo_name: 'MyOwn',
      },
    ]);
  });
});
