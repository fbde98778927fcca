import { describe, expect, it } from 'vitest';
import { changes, gone, put, snapshot } from '../../../test/fixtures/client-frames';
import { clientInstance } from '../../../test/fixtures/client-instance';
import { CheckedServers } from '../../../test/fixtures/probes';
import type { Watch, WatchOptions } from '../../client/watch/watch';
import type { WatchFrame } from '../../client/wire/frames';
import type { Instance } from '../../client/wire/instance';
import { RollcallError } from '../../client/wire/rollcall-error';
import type { CheckedInstance } from '../checks/check-registry';
import { RemoteRegistry } from './remote-registry';

const HTTP = { kind: 'http', http: 'http://10.0.0.1/health', interval: 10e9 };

/** Returns an instance with a check for a runner. */
const checked = (id: string, runner = 'host-1', definition: object = HTTP): Instance =>
  clientInstance(id, {
    extensions: {
      consul: { id, node: 'n1', runner, checks: [{ id: `service:${id}`, status: 'critical', definition }] },
    },
  });

/** A registry whose watch the test feeds, and the instances that its runner knows. */
function begin(url = 'http://127.0.0.1:1') {
  let options: WatchOptions = {};
  const known = new Map<string, CheckedInstance>();
  const refused: string[] = [];
  const registry = new RemoteRegistry({
    ...{ url, token: 'secret', namespace: 'public', runner: 'host-1' },
    onRefused: ({ code }) => void refused.push(code),
    onWarning: () => {},
    client: {
      watch: (_, given) => {
        options = given ?? {};
        return { close: () => {} } as Watch; // `as`: only its end is used
      },
      close: async () => {},
    },
  });
  registry.start({
    put: (instance) => void known.set(instance.serviceId, instance),
    remove: (name) => void known.delete(name.split(' ').at(-1) ?? ''),
  });
  return { registry, refused, known, feed: (each: WatchFrame) => options.onFrame?.(each), options: () => options };
}

describe('a registry that a gateway watches', () => {
  it('has the instances with checks for its runner, as the watch changes them', () => {
    const { known, feed } = begin();
    feed(
      snapshot(1, [checked('a'), checked('b', 'host-2'), clientInstance('c'), checked('d', 'host-1', { kind: 'ttl' })]),
    );
    expect([...known.keys()]).toEqual(['a']);
    expect(known.get('a')).toMatchObject({
      node: 'n1',
      namespace: 'public',
      checks: [{ id: 'service:a', definition: HTTP, shown: { status: 'critical', output: '' }, isReported: false }],
    });
    feed(changes(2, put(checked('b'))));
    feed(changes(2, put(checked('a', 'host-2'))));
    expect([...known.keys()]).toEqual(['b']);
    feed(changes(3, gone('b')));
    expect([...known.keys()]).toEqual([]);
  });

  it('forgets what a later snapshot lacks', () => {
    const { known, feed } = begin();
    feed(snapshot(1, [checked('a'), checked('b')]));
    feed({ type: 'reset', reason: 'unknown' });
    feed(snapshot(1, [checked('b')]));
    expect([...known.keys()]).toEqual(['b']);
  });

  it('renews only leases that are not those of TTL checks', () => {
    const { known, feed } = begin();
    const both = clientInstance('a', {
      extensions: {
        consul: {
          ...{ id: 'a', node: 'n1', runner: 'host-1' },
          checks: [
            { id: 'c1', definition: { kind: 'ttl', ttl: 30e9 } },
            { id: 'c2', definition: HTTP },
          ],
        },
      },
    });
    feed(snapshot(1, [both, checked('b')]));
    expect(known.get('a')?.ttlMs).toBeNull();
    expect(known.get('b')?.ttlMs).toBeGreaterThan(0);
  });

  it('reports that the registry refuses the watch', () => {
    const { refused, options } = begin();
    options().onEnd?.(undefined);
    options().onEnd?.(new RollcallError('UNAUTHENTICATED', 'revoked'));
    expect(refused).toEqual(['UNAUTHENTICATED']);
  });

  it('takes results as the agent on the node of the instance', async () => {
    const servers = new CheckedServers();
    const asked: string[] = [];
    let status = 200;
    const port = await servers.http((request, response) => {
      const { authorization, 'rollcall-check-runner': runner } = request.headers;
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        asked.push([request.method, request.url, authorization, runner, body].join(' '));
        response.writeHead(status).end('text');
      });
    });
    const { registry, known, feed } = begin(`http://127.0.0.1:${port}`);
    feed(snapshot(1, [checked('a/b')]));
    const instance = known.get('a/b');
    if (instance === undefined) throw new Error('the instance is known');
    const result = { status: 'passing', output: 'ok' } as const;
    expect(await registry.report(instance, 'service:a/b', result)).toBe('reported');
    await registry.deregister(instance);
    const agent = '/n/public/node/n1/v1/agent';
    expect(asked).toEqual([
      `PUT ${agent}/check/update/service%3Aa%2Fb Bearer secret host-1 {"Status":"passing","Output":"ok"}`,
      `PUT ${agent}/service/deregister/a%2Fb Bearer secret host-1 `,
    ]);
    status = 404;
    expect(await registry.report(instance, 'service:a/b', result)).toBe('gone');
    status = 503;
    await expect(registry.report(instance, 'service:a/b', result)).rejects.toThrow('answered 503: text');
    servers.close();
  });
});
