import { describe, expect, it } from 'vitest';
import { problemOf, TestApp } from '../../../test/fixtures/test-app';
import { RegistryError } from '../../model/errors';
import type { Grant } from '../../model/grant';
import { METRICS_NAMESPACES_MAX_COUNT } from '../../model/limits';

/** Stats with the members that a scrape reads. */
const STATS = '{"instances":7,"leases":1,"journal":{},"sinceStart":{"removed":{"expired":2}}}';

function begin(namespacesMade: string[] = []) {
  const test = new TestApp({ namespacesMade });
  test.namespace.answer.body = STATS;
  const scrape = (grants: Grant[], query = '') => {
    const { token } = test.directory.give(grants);
    return test.send('GET', `/metrics${query}`, { headers: { authorization: `Bearer ${token}` } });
  };
  const text = async (grants: Grant[], query = '') => (await scrape(grants, query)).text();
  return { test, scrape, text };
}

/** Values of a metric by namespace; `-` for a sample without one. */
function samples(text: string, name: string): Record<string, number> {
  const found = [...text.matchAll(new RegExp(`^${name}\\{(?:namespace="([^"]*)")?\\} (\\S+)$`, 'gm'))];
  return Object.fromEntries(found.map(([, namespace = '-', value]) => [namespace, Number(value)]));
}

const on = (...namespaces: string[]): Grant[] => namespaces.map((ns) => ({ scope: 'metrics', ns }));

describe('GET /metrics', () => {
  it('[G12] covers all namespaces for a token for all of them, and otherwise those of its grants', async () => {
    const { text } = begin(['shop', 'bank']);
    expect(samples(await text(on('*')), 'rollcall_instances')).toEqual({ bank: 7, public: 7, shop: 7 });
    expect(samples(await text(on('shop', 'bank')), 'rollcall_instances')).toEqual({ bank: 7, shop: 7 });
    const mixed: Grant[] = [...on('shop'), { scope: 'read', ns: 'bank' }, { scope: 'admin', ns: 'public' }];
    expect(samples(await text(mixed), 'rollcall_instances')).toEqual({ public: 7, shop: 7 });
  });

  it('[G12] has one line of type for each metric, and the namespace on each sample', async () => {
    const body = await begin(['shop']).text(on('*'));
    expect(body.match(/^# TYPE rollcall_instances gauge$/gm)).toHaveLength(1);
    expect(body).toContain('rollcall_instances_removed_total{namespace="shop",cause="expired"} 2\n');
  });

  it('[G12] reports how many namespaces are left out, and covers those that are named', async () => {
    const ids = Array.from({ length: METRICS_NAMESPACES_MAX_COUNT + 20 }, (_, index) => `ns-${1_000 + index}`);
    const { text } = begin(ids);
    const all = await text(on('*'));
    expect(samples(all, 'rollcall_namespaces_left_out')).toEqual({ '-': 21 });
    expect(Object.keys(samples(all, 'rollcall_namespace_up'))).toEqual(ids.slice(0, METRICS_NAMESPACES_MAX_COUNT));
    const named = await text(on('*'), `?ns=public&ns=${ids.at(-1)}&ns=public`);
    expect(samples(named, 'rollcall_namespaces_left_out')).toEqual({ '-': 0 });
    expect(samples(named, 'rollcall_instances')).toEqual({ public: 7, [ids.at(-1) ?? '']: 7 });
    const granted = await text(on(...ids));
    expect(samples(granted, 'rollcall_namespaces_left_out')).toEqual({ '-': 20 });
  });

  it('[G12] shows a namespace that fails or does not exist as down, and the figures of the others', async () => {
    const { test, text } = begin(['shop']);
    const body = await text(on('shop', 'gone'));
    expect(samples(body, 'rollcall_namespace_up')).toEqual({ gone: 0, shop: 1 });
    expect(samples(body, 'rollcall_instances')).toEqual({ shop: 7 });
    test.namespace.failure = new RegistryError('UNAVAILABLE', 'unreachable');
    expect(samples(await text(on('shop')), 'rollcall_namespace_up')).toEqual({ shop: 0 });
  });

  it('[G12] uses the last list while the directory is unreachable, and reports the outage', async () => {
    const { test, text } = begin(['shop']);
    const { token } = test.directory.give(on('*'));
    const read = async () =>
      (await test.send('GET', '/metrics', { headers: { authorization: `Bearer ${token}` } })).text();
    const before = await read();
    expect(samples(before, 'rollcall_directory_up')).toEqual({ '-': 1 });
    test.directory.failure = new RegistryError('UNAVAILABLE', 'unreachable');
    const during = await read();
    expect(samples(during, 'rollcall_directory_up')).toEqual({ '-': 0 });
    expect(samples(during, 'rollcall_namespace_up')).toEqual({ public: 1, shop: 1 });
    test.directory.failure = undefined;
    expect(samples(await text(on('shop')), 'rollcall_directory_up')).toEqual({ '-': 1 });
  });

  it('[G12] covers public if the directory has never answered', async () => {
    const { test } = begin(['shop']);
    test.directory.failure = new RegistryError('UNAVAILABLE', 'unreachable');
    const body = await (await test.ask('GET', '/metrics')).text();
    expect(samples(body, 'rollcall_namespace_up')).toEqual({ public: 1 });
    expect(samples(body, 'rollcall_directory_up')).toEqual({ '-': 0 });
  });

  it('[G13] reads an idle namespace again after a request has changed it or opened a socket', async () => {
    const { test } = begin();
    test.namespace.answer.body = '{"leases":0,"sessions":0,"sockets":0,"journal":{},"sinceStart":{"removed":{}}}';
    const asked = async () => {
      await test.ask('GET', '/metrics');
      return test.namespace.calls.filter(({ method }) => method === 'stats').length;
    };
    expect([await asked(), await asked()]).toEqual([1, 1]);
    await test.ask('DELETE', '/api/v1/ns/public/groups/g/services/s/instances/a');
    expect([await asked(), await asked()]).toEqual([2, 2]);
    await test.ask('GET', '/api/v1/ns/public/socket', undefined, {
      upgrade: 'websocket',
      'sec-websocket-protocol': 'rollcall.v1',
    });
    expect([await asked(), await asked()]).toEqual([3, 3]);
  });

  it('[A4] refuses a token without the scope, a namespace that it does not cover, and an invalid name', async () => {
    const { scrape } = begin(['shop', 'bank']);
    const refusal = async (grants: Grant[], query?: string) => {
      const { status, detail } = await problemOf(await scrape(grants, query));
      return [status, detail];
    };
    expect(await refusal([{ scope: 'read', ns: '*' }])).toEqual([
      403,
      expect.stringMatching(/does not have the scope "metrics" on any namespace; use a token that has it/),
    ]);
    expect(await refusal(on('shop'), '?ns=shop&ns=bank')).toEqual([
      403,
      expect.stringMatching(/lacks the scope "metrics" on namespace "bank"/),
    ]);
    expect(await refusal(on('*'), '?ns=a/b')).toEqual([400, expect.stringContaining('ns')]);
  });
});
