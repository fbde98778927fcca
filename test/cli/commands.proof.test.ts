import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { rollcallAdmin } from '../../src/client/admin';
import { CliStage } from './cli-stage';

/** Every command as used by scripts and people: arguments in, text and an exit code out, against one real registry. */

let stage: CliStage;
beforeAll(async () => {
  stage = await CliStage.start();
});
afterAll(() => stage.stop());

const lines = (text: string): string[] => text.trimEnd().split('\n');

describe('register, heartbeat, deregister', () => {
  it('registers with all options, and warns of likely mistakes', async () => {
    const words = ['--address', '127.0.0.1', '--port', '8080', '--weight', '2', '--cluster', 'blue', '--zone', 'a'];
    const more = ['--metadata', 'version=2', '--metadata', 'note=a=b', '--tag', 'x', '--tag', 'y', '--ttl', '10m'];
    const { code, stdout, stderr } = await stage.run(['register', 'reg', 'reg-1', ...words, ...more]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'reg/reg-1 is registered for 10m; renew it every 200s\n' });
    expect(stderr).toMatch(/^warning: 127\.0\.0\.1 is a loopback address: other machines cannot reach it\n$/);
    expect(await stage.json('get', 'reg', 'reg-1')).toMatchObject({
      address: '127.0.0.1',
      port: 8080,
      weight: 2,
      cluster: 'blue',
      location: { zone: 'a' },
      metadata: { version: '2', note: 'a=b' },
      tags: ['x', 'y'],
      lease: { ttlMs: 600_000 },
    });
  });

  it('derives an id, accepts a url, a group, and an instance without a lease', async () => {
    expect(await stage.json('register', 'reg', '--address', '10.0.0.8', '--port', '80')).toMatchObject({
      id: '10.0.0.8:80',
    });
    const edge = ['register', 'eu@@edge', 'edge-1', '--instance-url', 'https://edge.example/api', '--persistent'];
    expect((await stage.run(edge)).stdout).toBe('eu@@edge/edge-1 is registered until it is deregistered\n');
    expect(await stage.json('get', 'eu@@edge', 'edge-1')).toMatchObject({ group: 'eu', lease: null, ephemeral: false });
  });

  it('renews a lease, and exits with 3 if the instance must register again', async () => {
    await stage.register('beat', 'beat-1');
    expect((await stage.run(['heartbeat', 'beat', 'beat-1'])).stdout).toMatch(
      /^beat\/beat-1 is renewed; its lease ends in 10 min\n$/,
    );
    const { code, stdout, stderr } = await stage.run(['heartbeat', 'beat', 'missing']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(
      /^There is no instance "missing".*\nList the instances of the service: rollcall ls <service>\n$/,
    );
  });

  it('deregisters, also an instance that is already removed', async () => {
    await stage.register('gone', 'gone-1');
    for (const _ of ['first', 'again']) {
      expect((await stage.run(['deregister', 'gone', 'gone-1'])).code).toBe(0);
    }
    expect((await stage.run(['ls', 'gone'])).code).toBe(3);
  });
});

describe('ls, get, resolve, subscribers', () => {
  beforeAll(async () => {
    await stage.register('look', 'look-1', '--metadata', 'version=1', '--tag', 'canary');
    await stage.register('look', 'look-2', '--weight', '0', '--metadata', 'name=注文');
  });

  it('ls lists services in a table, and as JSON', async () => {
    const { stdout } = await stage.run(['ls', '--prefix', 'look']);
    expect(lines(stdout)).toEqual(['SERVICE  INSTANCES  HEALTHY  AVAILABLE', 'look             2        2          1']);
    expect(await stage.json('ls', '--prefix', 'look')).toMatchObject({ services: [{ name: 'look', instances: 2 }] });
    expect(await stage.json('ls', '--group', 'missing')).toEqual({ services: [] });
  });

  it('ls of a service lists its instances, and why one receives no traffic', async () => {
    const { stdout } = await stage.run(['ls', 'look']);
    expect(lines(stdout)).toEqual([
      'ID      ADDRESS        STATE      WEIGHT  CLUSTER  VERSION  METADATA',
      'look-1  10.0.0.7:8080  available       1  DEFAULT           version=1',
      'look-2  10.0.0.7:8080  no weight       0  DEFAULT           name=注文',
    ]);
  });

  it.each([
    [['--available'], ['look-1']],
    [['--unavailable'], ['look-2']],
    [['--tag', 'canary'], ['look-1']],
    [['--metadata', 'name=注文'], ['look-2']],
    [['--cluster', 'missing'], []],
  ])('ls of a service with %j lists %j', async (words, ids) => {
    expect(await stage.json('ls', 'look', ...words)).toMatchObject({ instances: ids.map((id) => ({ id })) });
  });

  it('get shows a service, and an instance of it', async () => {
    expect((await stage.run(['get', 'look'])).stdout).toMatch(/^service +look\ninstances +2\n/);
    expect((await stage.run(['get', 'look', 'look-1'])).stdout).toMatch(/^state +available$/m);
    expect((await stage.run(['get', 'missing'])).code).toBe(3);
    expect((await stage.run(['get', 'look', 'missing'])).code).toBe(3);
  });

  it('resolve shows the available instances, or just addresses for a shell', async () => {
    expect((await stage.run(['resolve', 'look'])).stdout).toMatch(
      /^ID +ADDRESS.*\nlook-1 +10\.0\.0\.7:8080 +1 +DEFAULT/,
    );
    expect((await stage.run(['resolve', 'look', '--limit', '1', '--address'])).stdout).toBe('10.0.0.7:8080\n');
    expect(await stage.json('resolve', 'look', '--near', 'zone:a')).toMatchObject({ instances: [{ id: 'look-1' }] });
  });

  it('resolve exits with 3 if no instance takes traffic', async () => {
    await stage.register('idle', 'idle-1', '--weight', '0');
    const { code, stdout, stderr } = await stage.run(['resolve', 'idle']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe('No instance of idle takes traffic.\nSee its instances: rollcall ls idle\n');
    expect((await stage.run(['resolve', 'idle', '--json'])).stdout).toMatch(/"instances":\[\]/);
  });

  it.each(['ls', 'resolve'])('[K35] %s of an unknown service exits with 3, and suggests the nearest', async (name) => {
    const { code, stdout, stderr } = await stage.run([name, 'loook']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe(
      'There is no service "loook" in namespace public. Did you mean look?\nList the services: rollcall ls\n',
    );
  });

  it('[K35] ls of a service without instances is not an error', async () => {
    await stage.run(['ns', 'create', 'empty']);
    const { url, rootToken } = stage.registry;
    const path = `${url}/api/v1/ns/empty/groups/DEFAULT_GROUP/services/kept`;
    const headers = { Authorization: `Bearer ${rootToken}`, 'Content-Type': 'application/json' };
    expect((await fetch(path, { method: 'PUT', headers, body: '{}' })).ok).toBe(true);
    expect(await stage.json('ls', 'kept', '-n', 'empty')).toEqual({ instances: [] });
    expect((await stage.run(['ls', 'other', '-n', 'empty'])).code).toBe(3);
    await stage.run(['ns', 'rm', 'empty', '--force', '--yes']);
  });

  it('subscribers lists who watches', async () => {
    const watch = stage.begin(['watch', 'look', '--json']);
    await watch.prints(/"snapshot"/);
    await stage.run(['resolve', 'look']);
    const { stdout } = await stage.run(['subscribers', 'look']);
    expect(lines(stdout)).toEqual([
      expect.stringMatching(/^SUBSCRIBER +BY +ADDRESS +SENT +ACKNOWLEDGED +LAG$/),
      expect.stringMatching(/^\S+ +(stream|socket), observer /),
      expect.stringMatching(/^blind readers +\d+ by plain$/),
    ]);
  });
});

describe('watch', () => {
  it('prints a line for each existing instance, and for each change', async () => {
    await stage.register('seen', 'seen-1');
    const watch = stage.begin(['watch', 'seen']);
    await watch.prints(/present +available +seen\/seen-1 +10\.0\.0\.7:8080/);
    await stage.register('seen', 'seen-2');
    await watch.prints(/registered +available +seen\/seen-2 .*by root/);
    await stage.run(['disable', 'seen', 'seen-1']);
    await watch.prints(/overridden +disabled +seen\/seen-1/);
    await stage.run(['deregister', 'seen', 'seen-1']);
    await watch.prints(/deregistered +gone +seen\/seen-1/);
    expect(watch.printed).not.toContain('\u001b');
    watch.kill('SIGINT');
    expect(await watch.end()).toEqual({ code: 130, signal: null });
  });

  it('[K3] prints frames as JSON Lines, resumes from a cursor, and exits with 124 when its time is over', async () => {
    await stage.register('framed', 'framed-1');
    const first = stage.begin(['watch', 'framed', '--json', '--timeout', '2s']);
    expect(await first.end()).toEqual({ code: 124, signal: null });
    const [snapshot] = first.stdout.map((line) => JSON.parse(line));
    expect(snapshot).toMatchObject({ type: 'snapshot', services: [{ name: 'framed' }] });
    await stage.run(['deregister', 'framed', 'framed-1']);
    const second = stage.begin(['watch', 'framed', '--json', '--resume-from', snapshot.cursor]);
    await second.prints(/deregistered/);
    expect(second.stdout.map((line) => JSON.parse(line).type)).toEqual(['changes']);
  });

  it('reports that the registry is unreachable, and misses nothing until it returns', async () => {
    await stage.register('away', 'away-1');
    const watch = stage.begin(['watch', 'away']);
    await watch.prints(/present +available +away\/away-1/);
    await stage.registry.kill('SIGKILL');
    await watch.prints(/^disconnected; /m);
    await stage.run(['deregister', 'away', 'away-1']);
    await watch.prints(/^reconnected$/m);
    await watch.prints(/deregistered +gone +away\/away-1/);
    watch.kill('SIGINT');
    expect(await watch.end()).toEqual({ code: 130, signal: null });
    expect(watch.stderr).toEqual([expect.stringMatching(/^disconnected/), 'reconnected']);
  });

  it('exits with 6 if the registry was never reachable, and with 4 for an invalid token', async () => {
    expect((await stage.run(['watch', '--url', 'http://127.0.0.1:1023'])).code).toBe(6);
    expect((await stage.run(['watch', '--token', 'wrong'])).code).toBe(4);
  });

  it('[W28] is an observer, for which no drain waits', async () => {
    await stage.register('passing', 'passing-1');
    const watch = stage.begin(['watch', 'passing']);
    await watch.prints(/passing-1/);
    expect((await stage.run(['subscribers', 'passing'])).stdout).toMatch(/, observer /);
    expect(await stage.json('drain', 'passing', 'passing-1')).toMatchObject({ drained: true, subscribers: 0 });
  });
});

describe('drain, quarantine, enable, disable, weight, meta', () => {
  beforeAll(() => stage.register('ops', 'ops-1'));

  it('drain stops traffic to an instance, and says so', async () => {
    await stage.register('drained', 'drained-1');
    const { code, stdout } = await stage.run(['drain', 'drained', 'drained-1']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^drained\/drained-1 is out of traffic\nacknowledged +0 of 0 subscribers\n/);
    expect((await stage.run(['resolve', 'drained'])).code).toBe(3);
  });

  it('[O9] drain --cancel puts an instance back into traffic until it is removed, and ends with 3 after that', async () => {
    await stage.register('kept', 'kept-1');
    await stage.run(['drain', 'kept', 'kept-1', '--grace', '5m']);
    expect((await stage.run(['resolve', 'kept'])).code).toBe(3);
    const { code, stdout } = await stage.run(['drain', 'kept', 'kept-1', '--cancel']);
    expect([code, stdout]).toEqual([0, 'kept/kept-1 is not draining\n']);
    expect((await stage.run(['resolve', 'kept'])).code).toBe(0);
    await stage.run(['drain', 'kept', 'kept-1']);
    expect((await stage.run(['drain', 'kept', 'kept-1', '--cancel'])).code).toBe(3);
  });

  it('drain names the subscribers that did not acknowledge, with 124', async () => {
    await stage.register('lagging', 'lagging-1');
    const { url, rootToken } = stage.registry;
    const headers = { Authorization: `Bearer ${rootToken}`, 'Rollcall-Subscriber': 'sleeper' };
    const stream = await fetch(`${url}/api/v1/ns/public/watch?service=lagging`, { headers });
    onTestFinished(() => stream.body?.cancel());
    const { code, stdout, stderr } = await stage.run(['drain', 'lagging', 'lagging-1', '--wait', '300ms']);
    expect(code).toBe(124);
    expect(stdout).toMatch(/^late subscribers +sleeper$/m);
    expect(stderr).toMatch(/^1 of 1 subscriber did not acknowledge within 300ms\.\n.*rollcall subscribers lagging/);
  });

  it('each sets one member, and keeps the others', async () => {
    await stage.run(['quarantine', 'ops', 'ops-1', '--for', '10m', '--reason', 'disk is full']);
    await stage.run(['weight', 'ops', 'ops-1', '0.5']);
    await stage.run(['disable', 'ops', 'ops-1']);
    const { stdout } = await stage.run(['meta', 'ops', 'ops-1', 'a=1', 'b=2']);
    expect(stdout).toMatch(
      /^override of ops\/ops-1\nquarantined +for another 10 min: disk is full\nenabled +false\nweight +0\.5\n/,
    );
    expect(stdout).toMatch(/^metadata +a=1 b=2$/m);
    expect(await stage.json('get', 'ops', 'ops-1')).toMatchObject({
      quarantined: true,
      enabled: false,
      weight: 0.5,
      metadata: { a: '1', b: '2' },
    });
  });

  it('and each resets what it set', async () => {
    await stage.run(['meta', 'ops', 'ops-1', '--unset', 'a', 'c=3']);
    expect(await stage.json('get', 'ops', 'ops-1')).toMatchObject({ metadata: { b: '2', c: '3' } });
    await stage.run(['meta', 'ops', 'ops-1', '--unset', 'b', '--unset', 'c']);
    await stage.run(['enable', 'ops', 'ops-1']);
    await stage.run(['weight', 'ops', 'ops-1', '--reset']);
    const { stdout } = await stage.run(['quarantine', 'ops', 'ops-1', '--lift']);
    expect(stdout).toBe('ops/ops-1 has no override\n');
    expect(await stage.json('get', 'ops', 'ops-1')).toMatchObject({ available: true, overridden: false, weight: 1 });
  });

  it('[K31] enable of a quarantined instance reverts a disable, and exits with 5 and how to lift the quarantine', async () => {
    await stage.register('held', 'held-1');
    await stage.run(['disable', 'held', 'held-1']);
    await stage.run(['quarantine', 'held', 'held-1', '--reason', 'disk is full']);
    const { code, stdout, stderr } = await stage.run(['enable', 'held', 'held-1']);
    expect({ code, stderr }).toEqual({
      code: 5,
      stderr:
        'held/held-1 still takes no traffic: it is quarantined until it is lifted: disk is full.\n' +
        'Lift it with: rollcall quarantine held held-1 --lift\n',
    });
    expect(stdout).toMatch(/^override of held\/held-1\nquarantined +until it is lifted: disk is full\nby +root\n$/);
    expect((await stage.run(['quarantine', 'held', 'held-1', '--lift'])).code).toBe(0);
    expect((await stage.run(['enable', 'held', 'held-1'])).code).toBe(0);
    expect(await stage.json('get', 'held', 'held-1')).toMatchObject({ available: true });
  });

  it('[K9] concurrent operators who change different members lose none', async () => {
    await stage.register('race', 'race-1');
    const commands = [['disable'], ['weight', '7'], ['meta', 'x=1'], ['quarantine', '--reason', 'all at once']];
    const ends = await Promise.all(
      commands.map(([name = '', ...words]) => stage.run([name, 'race', 'race-1', ...words])),
    );
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    expect(await stage.json('get', 'race', 'race-1')).toMatchObject({
      enabled: false,
      weight: 7,
      metadata: { x: '1' },
      quarantined: true,
    });
  });

  it.each(['enable', 'disable', 'quarantine'])('%s of an instance that does not exist is 3', async (name) => {
    expect((await stage.run([name, 'ops', 'missing'])).code).toBe(3);
  });

  it.each([
    ['weight', 'ops', 'ops-1'],
    ['weight', 'ops', 'ops-1', '1', '--reset'],
    ['meta', 'ops', 'ops-1'],
    ['meta', 'ops', 'ops-1', 'novalue'],
  ])('%s %s %s %s %s is an invalid command line', async (...words) => {
    const { code, stdout, stderr } = await stage.run(words.filter((word) => word !== undefined));
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`See: rollcall ${words[0]} --help`);
  });
});

describe('bench and doctor', () => {
  it('[K13] bench measures on a service of its own, and removes it', async () => {
    // A separate namespace: instances of other tests may expire while the bench runs.
    const namespace = ['-n', 'benched'];
    await stage.run(['ns', 'create', 'benched']);
    await stage.register('bystander', 'bystander-1', ...namespace);
    const before = await stage.json('ls', ...namespace);
    expect(before).toMatchObject({ services: [{ name: 'bystander', instances: 1 }] });
    const report = await stage.json('bench', '--duration', '300ms', '--concurrency', '4', ...namespace);
    const names = ['register', 'heartbeat', 'resolve'];
    expect(report).toMatchObject({ concurrency: 4, calls: names.map((call) => ({ call, errors: 0 })) });
    expect(await stage.json('ls', ...namespace)).toEqual(before);
    await stage.run(['ns', 'rm', 'benched', '--force', '--yes']);
  });

  it('doctor finds no problem if there is none', async () => {
    const { code, stdout, stderr } = await stage.run(['doctor']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const checks = lines(stdout).map((line) => line.split(/ +/).slice(0, 2).join(' '));
    expect(checks).toEqual([
      '✓ contexts',
      '✓ url',
      '✓ storage',
      '✓ versions',
      '✓ latency',
      '✓ clock',
      '✓ token',
      '✓ websocket',
    ]);
  });

  it.each([
    ['an unreachable registry', ['--url', 'http://127.0.0.1:1023'], /^✗ +url +.*\n +→ .*rollcall serve/m],
    ['a wrong token', ['--token', 'x'.repeat(40)], /^✗ +token .*not valid[\s\S]*rollcall token create/m],
    ['an invalid namespace', ['-n', 'no such'], /^✗ +token .*no such/m],
  ])('[K12] doctor finds %s, and how to fix it', async (_what, words, found) => {
    const { code, stdout, stderr } = await stage.run(['doctor', ...words]);
    expect(code).toBe(1);
    expect(stdout).toMatch(found);
    expect(stderr).toMatch(/^Failed checks: (url|token|websocket)/);
  });

  it('[K12] doctor reports a missing namespace, and no proxy', async () => {
    const { code, stdout, stderr } = await stage.run(['doctor', '-n', 'nowhere']);
    expect({ code, stderr }).toEqual({ code: 1, stderr: 'Failed checks: token.\n' });
    expect(stdout).toMatch(/^✗ +token +.* is valid, but namespace nowhere does not exist\n +→ .*rollcall ns ls/m);
    expect(stdout).not.toContain('proxy');
  });

  it('[K12] doctor names the secret that is not set on the server', async () => {
    const registry = createServer((request, response) => {
      const isHealth = request.url?.endsWith('/health') === true;
      response.writeHead(isHealth ? 200 : 503, { 'Content-Type': 'application/json' });
      const detail = 'the registry has no usable root token; set the secret ROLLCALL_ROOT_TOKEN';
      response.end(JSON.stringify(isHealth ? { status: 'ok', version: '0.2.0' } : { code: 'NOT_CONFIGURED', detail }));
    });
    await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void registry.close());
    const { port } = registry.address() as AddressInfo; // `as`: it listens on TCP
    const { stdout } = await stage.run(['doctor', '--url', `http://127.0.0.1:${port}`]);
    expect(stdout).toMatch(/^✗ +token +The registry has no usable root token; set the secret ROLLCALL_ROOT_TOKEN\./m);
    expect(stdout).toMatch(/^ +→ .*wrangler secret put ROLLCALL_ROOT_TOKEN$/m);
  });

  it('[K12] doctor detects a wrong clock, and a proxy that blocks WebSockets', async () => {
    const { url } = stage.registry;
    const proxy = createServer(async (request, response) => {
      const authorization = request.headers.authorization;
      const answer = await fetch(`${url}${request.url}`, { headers: authorization ? { authorization } : {} });
      response.writeHead(answer.status, {
        'Content-Type': answer.headers.get('content-type') ?? '',
        Date: new Date(Date.now() + 3_600_000).toUTCString(),
      });
      response.end(await answer.text());
    });
    await new Promise<void>((resolve) => proxy.listen(0, resolve));
    onTestFinished(() => void proxy.close());
    // `as`: it listens on TCP. An address of this machine that does not look local.
    const { port } = proxy.address() as AddressInfo;
    const { code, stdout } = await stage.run(['doctor', '--url', `http://0.0.0.0:${port}`]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ +clock +1h apart$/m);
    expect(stdout).toMatch(/^✗ +websocket +cannot open a WebSocket/m);
  });

  it('[K12, K16] doctor detects a file of tokens that others may read', async () => {
    const XDG_CONFIG_HOME = join(stage.folder, 'open-config');
    mkdirSync(join(XDG_CONFIG_HOME, 'rollcall'), { recursive: true });
    writeFileSync(join(XDG_CONFIG_HOME, 'rollcall/config.json'), '{"contexts": {}}', { mode: 0o644 });
    const { code, stdout } = await stage.run(['doctor'], { XDG_CONFIG_HOME });
    expect(code).toBe(1);
    expect(stdout).toMatch(/^✗ +contexts +other users can read .*\n +→ chmod 600 /m);
  });
});

describe('ns, token, audit', () => {
  it('ns creates, changes, shows and removes a namespace', async () => {
    const { stdout } = await stage.run(['ns', 'create', 'blue', '--title', 'Blue team', '--keep', '2d']);
    expect(stdout).toMatch(/^id +blue\ntitle +Blue team\nhistory retention +2d\n/);
    await stage.run(['ns', 'set', 'blue', '--max-instances', '10']);
    await stage.run(['ns', 'set', 'blue', '--max-services', '5']);
    const ofTokens = ['--max-instances-per-token', '9', '--max-bytes-per-token', '90000'];
    await stage.run(['ns', 'set', 'blue', '--max-bytes', '100000', ...ofTokens]);
    expect(await stage.json('ns', 'get', 'blue')).toMatchObject({
      title: 'Blue team',
      retention: { maxAgeMs: 172_800_000 },
      limits: { instances: 10, services: 5, bytes: 100_000, perToken: { instances: 9, bytes: 90_000 } },
    });
    await stage.run(['ns', 'set', 'blue', '--self-preservation', 'on']);
    expect((await stage.run(['ns', 'get', 'blue'])).stdout).toMatch(/^self-preservation +on$/m);
    await stage.run(['ns', 'set', 'blue', '--self-preservation', 'off']);
    expect(await stage.json('ns', 'get', 'blue')).not.toHaveProperty('selfPreservation');
    expect(await stage.json('ns', 'ls')).toMatchObject({ namespaces: [{ id: 'blue' }, { id: 'public' }] });
    expect((await stage.run(['ls', '-n', 'blue'])).code).toBe(0);
    expect((await stage.run(['ns', 'rm', 'blue'])).stdout).toBe('removed namespace blue\n');
    expect((await stage.run(['ns', 'get', 'blue'])).code).toBe(3);
  });

  it('[K1, K10] ns rm of a namespace with records exits with 5, and erases them only after confirmation', async () => {
    await stage.run(['ns', 'create', 'full']);
    expect((await stage.run(['ns', 'create', 'full', '--title', 'another'])).code).toBe(5);
    await stage.register('kept', 'kept-1', '-n', 'full');
    expect((await stage.run(['ns', 'rm', 'full'])).code).toBe(5);
    expect(await stage.run(['ns', 'rm', 'full', '--force'])).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'Permanently erase namespace full and everything in it? Cannot ask without a terminal.\n' +
        'Confirm with --yes.\n',
    });
    expect((await stage.run(['ls', '-n', 'full'])).stdout).toContain('kept');
    expect((await stage.run(['ns', 'rm', 'full', '--force', '--yes'])).code).toBe(0);
    expect((await stage.run(['ns', 'set', 'public'])).code).toBe(2);
  });

  it('token create makes a token with the given grants, and shows it once', async () => {
    const made = await stage.run(['token', 'create', 'orders in public', '--grant', 'register:public:mine*', '--json']);
    expect(made.stderr).toBe('Save the token: it is shown only once.\n');
    const { id, token } = JSON.parse(made.stdout);
    const as = (...words: string[]) => stage.run(words, { ROLLCALL_TOKEN: token });
    const place = ['--address', '10.0.0.7', '--port', '80'];
    expect((await as('register', 'mine-1', 'a', ...place)).code).toBe(0);
    const denied = await as('register', 'other', 'a', ...place);
    expect(denied.code).toBe(4);
    expect(denied.stderr).toMatch(/\n.*rollcall doctor\n$/);
    const { stdout } = await stage.run(['token', 'ls']);
    expect(stdout).toMatch(new RegExp(`^${id} +orders in public +register:public:mine\\* +never`, 'm'));
    expect(stdout).not.toContain(token);
    const shown = await as('token', 'show');
    expect(shown.stdout).toMatch(new RegExp(`^id +${id}\nname +orders in public\ngrants +register:public:mine\\*\n`));
    expect(shown.stdout).not.toContain(token);
    expect(await stage.json('token', 'show')).toMatchObject({ id: 'root', root: true });
    const { url, rootToken } = stage.registry;
    const admin = rollcallAdmin({ url, token: rootToken });
    const redeemed = await admin.redeemTicket({ body: await admin.createTicket().then(({ ticket }) => ({ ticket })) });
    const ofRedeemed = await stage.run(['token', 'show'], { ROLLCALL_TOKEN: redeemed.token });
    expect(ofRedeemed.stdout).toMatch(new RegExp(`^id +root\n[^]*^redeemed as +${redeemed.id}$`, 'm'));
    expect((await stage.run(['token', 'revoke', redeemed.id, '--yes'])).code).toBe(0);
    expect((await stage.run(['token', 'show'], { ROLLCALL_TOKEN: redeemed.token })).code).toBe(4);
  });

  it('[K37] token create warns of a namespace that does not exist, and creates the token', async () => {
    const words = ['token', 'create', 'typo', '--grant', 'read:publik', '--grant', 'read:public', '--grant', 'read:*'];
    const { code, stderr } = await stage.run([...words, '--json']);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'Save the token: it is shown only once.\n' +
        'warning: namespace publik does not exist; its grants apply once it is created: rollcall ns create publik\n',
    );
  });

  it('token rotates and revokes', async () => {
    const make = ['token', 'create', 'reader', '--grant', 'read:public', '--expires', '1d', '--json'];
    const { id, token } = JSON.parse((await stage.run(make)).stdout);
    const rotated = JSON.parse((await stage.run(['token', 'rotate', id, '--keep-old', '1h', '--json'])).stdout);
    expect(rotated).toMatchObject({ id, expiresAt: expect.any(String) });
    expect(rotated.token).not.toBe(token);
    for (const good of [token, rotated.token]) expect((await stage.run(['ls', '--token', good])).code).toBe(0);
    expect((await stage.run(['token', 'revoke', id])).code).toBe(2);
    expect((await stage.run(['token', 'revoke', id, '--yes'])).stdout).toBe(`revoked token ${id}\n`);
    const { tokens } = JSON.parse((await stage.run(['token', 'ls', '--json'])).stdout);
    expect(tokens.map((each: { id: string }) => each.id)).not.toContain(id);
    expect((await stage.run(['token', 'create', 'x', '--grant', 'write:public'])).code).toBe(2);
  });

  it('audit lists who did what, newest first', async () => {
    await stage.run(['ns', 'create', 'watched']);
    await stage.run(['ns', 'rm', 'watched']);
    const { stdout } = await stage.run(['audit', '--limit', '2']);
    expect(lines(stdout)).toEqual([
      expect.stringMatching(/^WHEN +ACTION +NAMESPACE/),
      expect.stringMatching(/^(?:now|\d+ s ago) +namespace-deleted +watched .*done +root/),
      expect.stringMatching(/^(?:now|\d+ s ago) +namespace-created +watched .*done +root/),
    ]);
    const { next } = JSON.parse((await stage.run(['audit', '--limit', '1', '--json'])).stdout);
    expect(await stage.json('audit', '--limit', '1', '--page', next)).toMatchObject({
      entries: [{ action: 'namespace-created', ns: 'watched' }],
    });
  });
});

describe('context', () => {
  it('[K16] keeps registries under names, with a token that is readable only by its owner and never shown', async () => {
    const { url, rootToken } = stage.registry;
    const XDG_CONFIG_HOME = join(stage.folder, 'contexts');
    const env = { XDG_CONFIG_HOME, ROLLCALL_URL: undefined, ROLLCALL_TOKEN: undefined };
    const add = ['context', 'add', 'here', '--url', url, '--token-file', '-'];
    expect((await stage.run(add, env, `${rootToken}\n`)).code).toBe(0);
    await stage.run(['context', 'add', 'there', '--url', 'https://there.example', '-n', 'blue'], env);
    const path = join(XDG_CONFIG_HOME, 'rollcall/config.json');
    expect(statSync(path).mode & 0o777).toBe(0o600);

    const list = await stage.run(['context', 'ls'], env);
    expect(lines(list.stdout)).toEqual([
      expect.stringMatching(/^ +NAME +URL +NAMESPACE +TOKEN$/),
      expect.stringMatching(/^\* +here +http:\S+ +yes$/),
      expect.stringMatching(/^ +there +https:\/\/there\.example +blue +no$/),
    ]);
    expect(list.stdout).not.toContain(rootToken);
    expect((await stage.run(['ls'], env)).code).toBe(0);
    const verbose = await stage.run(['ls', '--verbose'], env);
    expect(verbose.stderr).toMatch(/^url http:\S+ \(context here\)\ntoken from context here\n/);
    expect(verbose.stderr).not.toContain(rootToken);

    await stage.run(['context', 'use', 'there'], env);
    expect((await stage.run(['ls', '--context', 'here'], env)).code).toBe(0);
    await stage.run(['context', 'rm', 'there'], env);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ contexts: { here: { url, token: rootToken } } });
    expect((await stage.run(['context', 'use', 'there'], env)).code).toBe(3);
    expect((await stage.run(['ls', '--context', 'there'], env)).code).toBe(2);
    expect((await stage.run(['context', 'add', 'x', '--url', 'ftp://x'], env)).code).toBe(2);
  });
});
