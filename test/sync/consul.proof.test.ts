import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../watch-proofs/until';
import { MirrorStage } from './mirror-stage';

/** Runs `rollcall sync --from consul` from one registry with the Consul API to another. */

let stage: MirrorStage;
beforeAll(async () => {
  stage = await MirrorStage.start();
});
afterAll(() => stage.stop());

/** Path of the agent of a node in a namespace of the source. */
const agent = (ns: string, node: string, rest: string) => `/n/${ns}/node/${node}/v1/agent/${rest}`;

const service = (id: string, more: object = {}) => ({
  Name: 'Web',
  ID: id,
  Address: '10.0.0.1',
  Port: 8080,
  Tags: ['v1', 'v1', `t-${'0'.repeat(300)}`],
  Meta: { zone: 'a' },
  Weights: { Passing: 3, Warning: 1 },
  Check: { TTL: '10m', Name: 'alive' },
  ...more,
});

async function register(ns: string, node: string, id: string, more: object = {}): Promise<void> {
  await stage.ask('PUT', agent(ns, node, 'service/register'), JSON.stringify(service(id, more)));
  await stage.ask('PUT', agent(ns, node, `check/pass/service:${id}`));
}

const url = (ns: string) => `${stage.source.url}/n/${ns}`;
const withToken = () => ({ ROLLCALL_SOURCE_TOKEN: stage.source.rootToken });

/** Returns the entries of a service as clients of Consul get them, without indexes. */
async function entries(base: string, token: string, name: string) {
  const answer = await fetch(`${base}/v1/health/service/${name}`, { headers: { 'X-Consul-Token': token } });
  // `as`: what the route answers
  const found = (await answer.json()) as { Node: object; Service: { ID: string }; Checks: { CheckID: string }[] }[];
  return found.map(({ Node, Service, Checks }) => {
    const { CreateIndex: _, ModifyIndex: __, ...service } = Service as Record<string, unknown>;
    const { Node: node, Address } = Node as Record<string, unknown>;
    const checks = Checks.map((each) => {
      const { CheckID, Name, Status, ServiceID, ServiceName } = each as Record<string, unknown>;
      return { CheckID, Name, Status, ServiceID, ServiceName };
    });
    return { node, Address, service, checks };
  });
}

describe('rollcall sync --from consul', () => {
  it('[K21, K26] follows Consul by blocking queries, and its clients find the same instances in Rollcall', async () => {
    const target = await stage.namespace('live');
    await register('live', 'host-1', 'web-1');
    await register('live', 'host-2', 'web-1', { Address: '10.0.0.2' });
    // So long an interval that each change arrives by a blocking query.
    const mirror = stage.cli.begin(
      ['sync', '--from', 'consul', url('live'), '--to', stage.cli.registry.url, '--interval', '10m', '--verbose'],
      { ...target.env, ...withToken(), ROLLCALL_URL: undefined },
    );
    await until('both are mirrored', async () =>
      ['consul:web-1@host-1', 'consul:web-1@host-2'].every((id) => mirror.printed.includes(`added    Web/${id}`)),
    );
    expect(mirror.printed).not.toContain(stage.source.rootToken);
    const here = `${stage.cli.registry.url}/n/live`;
    expect(await entries(here, stage.cli.registry.rootToken, 'web')).toEqual(
      await entries(url('live'), stage.source.rootToken, 'web'),
    );

    const statusOf = async (id: string) => (await target.instances('Web')).find((each) => each.id === id)?.status;
    await stage.ask('PUT', agent('live', 'host-1', 'check/fail/service:web-1?note=disk+full'));
    await until('a failed check arrives', async () => (await statusOf('consul:web-1@host-1')) === 'down');
    await stage.ask('PUT', agent('live', 'host-2', 'service/maintenance/web-1?enable=true&reason=by+hand'));
    await until('maintenance arrives', async () => (await statusOf('consul:web-1@host-2')) === 'out-of-service');
    await register('live', 'host-3', 'other-1', { Name: 'other' });
    await until('another service arrives', async () => (await target.ids('other')).join() === 'consul:other-1@host-3');
    await stage.ask('PUT', agent('live', 'host-1', 'service/deregister/web-1'));
    await until('the removed one is removed here too', async () =>
      (await target.ids('Web')).every((id) => id === 'consul:web-1@host-2'),
    );
    await mirror.prints(/^removed/m);
    expect(
      mirror.stdout.filter((line) => /^(added|changed|removed)/.test(line)).map((line) => line.split(/\s+/)[0]),
    ).toEqual(['added', 'added', 'changed', 'changed', 'added', 'removed']);
  });

  it('[K23] gives way to a service that registers here on the same node with the same id, and comes back after it', async () => {
    const target = await stage.namespace('moving');
    await register('moving', 'host-1', 'web-1', { Port: 0 });
    const mirror = stage.cli.begin(['sync', '--from', 'consul', url('moving')], { ...target.env, ...withToken() });
    await mirror.prints(/^added .*consul:web-1@host-1/m);
    const grants = (['read', 'register'] as const).map((scope) => ({ scope, ns: 'moving' }));
    const { token } = await target.registry.createToken({ body: { name: 'web', grants } });
    const ask = (path: string, body?: string) =>
      fetch(`${stage.cli.registry.url}${agent('moving', 'host-1', path)}`, {
        method: 'PUT',
        headers: { 'X-Consul-Token': token },
        ...(body !== undefined && { body }),
      });
    const agents = await fetch(`${stage.cli.registry.url}${agent('moving', 'host-1', 'services')}`, {
      headers: { 'X-Consul-Token': token },
    });
    expect(await agents.json()).toEqual({});
    expect((await ask('service/register', JSON.stringify(service('web-1', { Port: 0 })))).status).toBe(200);
    await mirror.prints(/^removed .*consul:web-1@host-1/m);
    expect(await target.ids('Web')).toEqual(['web-1@host-1']);
    expect((await ask('check/pass/service:web-1')).status).toBe(200);
    expect((await ask('service/deregister/web-1')).status).toBe(200);
    await until('the copy is back', async () => (await target.ids('Web')).join() === 'consul:web-1@host-1');
  });

  it('[K29] continues after an earlier mirror was killed, without a change', async () => {
    const target = await stage.namespace('again');
    await register('again', 'host-1', 'web-1');
    const words = ['sync', '--from', 'consul', url('again'), '--json'];
    const env = { ...target.env, ...withToken() };
    const first = stage.cli.begin(words, env);
    await first.prints(/"added".*"consul:web-1@host-1"/);
    first.kill('SIGKILL');
    await first.end();
    const [before] = await target.instances('Web');
    const second = stage.cli.begin(words, env);
    await register('again', 'host-1', 'web-2');
    await second.prints(/"added".*"consul:web-2@host-1"/);
    const after = (await target.instances('Web')).find(({ id }) => id === before?.id);
    expect(after?.revision).toBe(before?.revision);
    expect(second.stdout).toHaveLength(1);
  });

  it('[K26, K28] refuses what is not Consul, or not known to it, with the reason', async () => {
    const target = await stage.namespace('wrong');
    const env = { ...target.env, ...withToken() };
    const sync = (source: string, words: string[] = [], more: NodeJS.ProcessEnv = {}) =>
      stage.cli.run(['sync', '--from', 'consul', source, ...words, '--dry-run'], { ...env, ...more });
    expect(await sync(url('wrong'))).toMatchObject({ code: 0 });
    expect(await sync(url('wrong'), ['--group', 'g'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Consul'),
    });
    expect(await sync(url('wrong'), ['--source-datacenter', 'dc9'])).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('No path to datacenter'),
    });
    expect(await sync(url('wrong'), [], { ROLLCALL_SOURCE_TOKEN: 'rc_unknown_token' })).toMatchObject({ code: 4 });
    expect(await sync(`${stage.source.url}/health?`)).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('refused'),
    });
    expect(await sync('consul:8500')).toMatchObject({ code: 2, stderr: expect.stringContaining('http://') });
  });
});
