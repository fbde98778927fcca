import { describe, expect, it } from 'vitest';
import consoleFiles from '#console-files';
import { everyRow } from '../fixtures/every-row';
import { etagOf, type Home, NS, serviceAt } from '../fixtures/home';

/** Returns the digest of a text, as the build of the console names it. */
async function digestOf(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return [...digest.subarray(0, 16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * Registers the tests of the native API on the whole registry. Other tests cover the behavior of the registry in every case;
 * these cover the HTTP answers.
 */
export function nativeApiSuite({ ask, send }: Home): void {
  const ORDERS = serviceAt('orders');
  const A = `${ORDERS}/instances/a`;
  const place = { address: '10.0.0.7', port: 8080 };

  interface Listed {
    instances: { id: string; available: boolean }[];
    next?: string;
  }

  const resolved = async (query = ''): Promise<string[]> =>
    (await ask<Listed>('GET', `${ORDERS}/resolve${query}`)).body.instances.map(({ id }) => id);

  describe('an instance', () => {
    it('[R1, L4, O6, R9] registers, is resolved, renews, is drained and is removed', async () => {
      const registered = await ask('PUT', A, { ...place, metadata: { version: '1' }, tags: ['blue'] });
      expect(registered).toMatchObject({
        status: 201,
        body: { id: 'a', available: true, owner: 'root', warnings: [] },
      });
      expect(await resolved()).toEqual(['a']);

      const again = await ask('PUT', A, { ...place, metadata: { version: '1' }, tags: ['blue'] });
      expect([again.status, again.body.revision]).toEqual([200, registered.body.revision]);

      const beat = await ask('POST', `${A}/heartbeat`);
      expect(beat).toMatchObject({ status: 200, body: { lease: { ttlMs: 30_000, intervalMs: 10_000 } } });
      expect(Date.parse(String(beat.body.expiresAt))).toBeGreaterThan(Date.now());

      const drained = await ask('POST', `${A}/drain?wait=0s&grace=1h`);
      expect(drained).toMatchObject({ status: 200, body: { drained: true, laggards: [] } });
      expect(await resolved()).toEqual([]);
      expect((await ask('GET', A)).body).toMatchObject({ available: false });

      expect((await ask('DELETE', A)).status).toBe(204);
      expect(await ask('GET', A)).toMatchObject({ status: 404, body: { code: 'INSTANCE_NOT_FOUND' } });
      expect((await ask('DELETE', A)).status).toBe(204);
      expect(await ask('POST', `${A}/heartbeat`)).toMatchObject({ status: 404, body: { code: 'INSTANCE_NOT_FOUND' } });
    });

    it('[R4] that registers twice under an id derived from its address is one instance', async () => {
      const first = await ask('POST', `${ORDERS}/instances`, { address: '2001:db8::7', port: 80 });
      expect([first.status, first.body.id]).toEqual([201, '[2001:db8::7]:80']);
      const location = first.headers.get('location') ?? '';
      expect((await ask('GET', location)).body.id).toBe('[2001:db8::7]:80');
      expect((await ask('POST', `${ORDERS}/instances`, { address: '2001:DB8:0::7', port: 80 })).status).toBe(200);
      expect((await ask<Listed>('GET', `${ORDERS}/instances`)).body.instances).toHaveLength(1);
    });

    it('[R8, V5] is changed by a patch and found by its new values', async () => {
      await ask('PUT', A, { ...place, metadata: { version: '1', zone: 'x' }, tags: ['blue'] });
      await ask('PUT', `${ORDERS}/instances/b`, { ...place, port: 8081, cluster: 'other' });
      const patched = await ask('PATCH', A, { metadata: { version: '2', zone: null }, weight: 3 });
      expect(patched).toMatchObject({ status: 200, body: { metadata: { version: '2' }, weight: 3, tags: ['blue'] } });
      const list = async (query: string) =>
        (await ask<Listed>('GET', `${ORDERS}/instances?${query}`)).body.instances.map(({ id }) => id);
      expect(await list('metadata.version=2')).toEqual(['a']);
      expect(await list('metadata.version=1')).toEqual([]);
      expect(await list('cluster=other')).toEqual(['b']);
      expect(await list('tag=blue&available=true')).toEqual(['a']);
      expect(await list('available=false')).toEqual([]);
      expect(await resolved('?cluster=other')).toEqual(['b']);
    });

    it('[V6] is listed in pages', async () => {
      for (const id of ['c', 'a', 'b'])
        await ask('PUT', `${ORDERS}/instances/${id}`, { ...place, port: id.charCodeAt(0) });
      const first = await ask<Listed>('GET', `${ORDERS}/instances?limit=2`);
      expect(first.body.instances.map(({ id }) => id)).toEqual(['a', 'b']);
      const rest = await ask<Listed>(
        'GET',
        `${ORDERS}/instances?limit=2&after=${encodeURIComponent(first.body.next ?? '')}`,
      );
      expect([rest.body.instances.map(({ id }) => id), rest.body.next]).toEqual([['c'], undefined]);
    });

    it('[H7] may have any id', () =>
      everyRow(['a/b', 'ü 🦆', '100%', '%2F', "'; --", '__proto__', 'a@@b', '?x=1#y'], async (id) => {
        const path = `${ORDERS}/instances/${encodeURIComponent(id)}`;
        expect((await ask('PUT', path, place)).status).toBe(201);
        expect((await ask('GET', path)).body.id).toBe(id);
        expect(await resolved()).toEqual([id]);
        expect((await ask('DELETE', path)).status).toBe(204);
      }));
  });

  describe('operators', () => {
    it("[O1, O2, O4] override an instance's values and restore them", async () => {
      await ask('PUT', A, place);
      expect((await ask('GET', `${A}/override`)).status).toBe(404);
      expect((await ask('PUT', `${A}/override`, { quarantine: { reason: 'slow' } })).status).toBe(201);
      expect(await resolved()).toEqual([]);
      await ask('PUT', A, { ...place, weight: 5 });
      expect((await ask('GET', A)).body).toMatchObject({ quarantined: true, overridden: true, weight: 5 });
      expect((await ask('PUT', `${A}/override`, { weight: 7 })).status).toBe(200);
      expect((await ask('GET', A)).body).toMatchObject({ quarantined: false, weight: 7 });
      expect((await ask('GET', `${A}/override`)).body).toMatchObject({ weight: 7, actor: 'root' });
      expect((await ask('DELETE', `${A}/override`)).status).toBe(204);
      expect((await ask('GET', A)).body).toMatchObject({ overridden: false, weight: 5 });
    });

    it('[R12, R13, V7] create services and remove them', async () => {
      expect(await ask('GET', ORDERS)).toMatchObject({ status: 404, body: { code: 'SERVICE_NOT_FOUND' } });
      expect(await resolved()).toEqual([]);
      expect((await ask('PUT', ORDERS, { protectThreshold: 0.5 })).status).toBe(201);
      expect((await ask('PATCH', ORDERS, { metadata: { team: 'x' } })).body).toMatchObject({ protectThreshold: 0.5 });
      await ask('PUT', A, place);
      expect((await ask('GET', ORDERS)).body).toMatchObject({
        instances: 1,
        persistent: true,
        metadata: { team: 'x' },
      });
      const { body } = await ask<{ services: { name: string }[] }>('GET', `${NS}/services?prefix=or&group=g`);
      expect(body.services.map(({ name }) => name)).toEqual(['orders']);
      expect(await ask('DELETE', ORDERS)).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
      expect((await ask('DELETE', `${ORDERS}?force`)).status).toBe(204);
      expect((await ask('GET', A)).status).toBe(404);
    });
  });

  describe('a request for many instances', () => {
    it('[L5] renews the known ones and names the unknown ones', async () => {
      await ask('PUT', A, place);
      const instances = [
        { group: 'g', service: 'orders', id: 'a' },
        { service: 'orders', id: 'gone' },
      ];
      expect(await ask('POST', `${NS}/heartbeat`, { instances })).toMatchObject({
        status: 200,
        body: { renewed: 1, unknown: [{ group: 'DEFAULT_GROUP', service: 'orders', id: 'gone' }] },
      });
    });

    it('[C3] changes all of them in one revision, or none', async () => {
      const key = { group: 'g', service: 'orders' };
      const register = ['a', 'b'].map((id, index) => ({
        op: 'register',
        ...key,
        id,
        ...place,
        port: index + 1,
        ifAbsent: true,
      }));
      const made = await ask('POST', `${NS}/batch`, { operations: register });
      expect(made).toMatchObject({ status: 200, body: { results: [{ outcome: 'created' }, { outcome: 'created' }] } });
      const mixed = [{ op: 'deregister', ...key, id: 'a' }, register[1]];
      expect(await ask('POST', `${NS}/batch`, { operations: mixed })).toMatchObject({
        status: 412,
        body: { code: 'REVISION_MISMATCH' },
      });
      expect(await resolved()).toEqual(['a', 'b']);
    });
  });

  describe('conditional requests', () => {
    it('[Q2] answer 304 while nothing in the scope of a read changed, heartbeats included', async () => {
      await ask('PUT', A, place);
      for (const path of [A, `${ORDERS}/instances`, `${ORDERS}/resolve`, ORDERS]) {
        const first = await ask('GET', path);
        const conditional = () => ask('GET', path, undefined, { 'if-none-match': etagOf(first) });
        await ask('POST', `${A}/heartbeat`);
        await ask('PUT', `${serviceAt('other')}/instances/x`, place);
        expect((await conditional()).status, path).toBe(304);
        await ask('PATCH', A, { metadata: { changed: path } });
        expect((await conditional()).status, path).toBe(200);
      }
    });

    it('[Q4] refuse to overwrite a newer change', async () => {
      const registered = await ask('PUT', A, place, { 'if-none-match': '*' });
      expect(registered.status).toBe(201);
      expect((await ask('PUT', A, place, { 'if-none-match': '*' })).status).toBe(412);
      const seen = etagOf(await ask('GET', A));
      expect((await ask('PATCH', A, { weight: 2 }, { 'if-match': seen })).status).toBe(200);
      expect((await ask('PATCH', A, { weight: 3 }, { 'if-match': seen })).status).toBe(412);
      expect((await ask('PATCH', A, { weight: 3 }, { 'if-match': `W/${etagOf(await ask('GET', A))}` })).status).toBe(
        200,
      );
      expect((await ask('DELETE', A, undefined, { 'if-match': seen })).status).toBe(412);
      expect((await ask('DELETE', A, undefined, { 'if-match': '*' })).status).toBe(204);
      expect((await ask('DELETE', A, undefined, { 'if-match': '*' })).status).toBe(412);
      expect((await ask('PUT', A, place, { 'if-match': '*' })).status).toBe(412);
      expect((await ask('PUT', A, place, { 'if-match': 'x' })).status).toBe(400);
    });

    it('[Q1] can use the position in every response, and return to that of a write', async () => {
      const registered = await ask('PUT', A, place);
      const cursor = registered.headers.get('rollcall-cursor') ?? 'none';
      expect(cursor).toMatch(/^c/);
      expect((await ask('PATCH', A, { weight: 2 }, { 'if-match': `"${cursor}"` })).status).toBe(200);
      for (const [method, path] of [
        ['POST', `${A}/heartbeat`],
        ['GET', `${ORDERS}/resolve`],
        ['DELETE', A],
      ] as const) {
        expect((await ask(method, path)).headers.get('rollcall-cursor'), path).toMatch(/^c/);
      }
    });
  });

  describe('cached copies', () => {
    it('[Q5] are served while they are fresh enough, and strong reads bypass them', async () => {
      await ask('PUT', A, place);
      const cached = `${ORDERS}/resolve?consistency=cached&maxAge=60s`;
      const first = await ask<Listed>('GET', cached);
      expect([first.body.instances.length, first.headers.get('age')]).toEqual([1, '0']);
      await ask('DELETE', A);
      expect((await ask<Listed>('GET', cached)).body.instances).toHaveLength(1);
      expect((await ask<Listed>('GET', `${ORDERS}/resolve?consistency=cached&maxAge=0s`)).body.instances).toHaveLength(
        0,
      );
      expect(await resolved()).toEqual([]);
    });
  });

  describe('the registry', () => {
    it('[H8] counts its contents', async () => {
      await ask('PUT', A, place);
      await ask('POST', `${A}/heartbeat`);
      expect((await ask('GET', `${NS}/stats`)).body).toMatchObject({
        instances: 1,
        availableInstances: 1,
        leases: 1,
      });
      // Only metrics of the namespace `public`, which other tests may have changed.
      const metrics = await ask<string>('GET', '/metrics');
      expect(metrics.body).toMatch(/^rollcall_instances\{namespace="public"\} \d+$/m);
      expect(metrics.body).toMatch(/^rollcall_renewals_total\{namespace="public"\} \d+$/m);
    });

    it('[H2] serves its pages', async () => {
      const page = await send('GET', '/docs');
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
      expect((await send('HEAD', '/')).status).toBe(200);
    });

    it('[H2] serves the console and its files, the same as they were built', async () => {
      const page = await send('GET', '/console/public/services/g/a%2Fb');
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
      expect(page.headers.get('content-security-policy')).toContain("script-src 'self'; ");
      const text = await page.text();
      const names = [...text.matchAll(/"\/console\/files\/([^"]+)"/g)].map(([, name = '']) => name);
      expect(names.length).toBeGreaterThan(2);
      expect([text, consoleFiles['index.html']?.etag]).toEqual([text, await digestOf(text)]);
      for (const name of names) {
        for (const accepted of ['gzip', 'identity']) {
          const file = await send('GET', `/console/files/${name}`, { headers: { 'accept-encoding': accepted } });
          const { type, etag } = consoleFiles[name] ?? expect.unreachable(`${name} is not built`);
          expect([file.status, file.headers.get('content-type')]).toEqual([200, type]);
          expect(await digestOf(await file.text())).toBe(etag);
        }
        const etag = `W/"${consoleFiles[name]?.etag}"`;
        expect((await send('GET', `/console/files/${name}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
        expect((await send('HEAD', `/console/files/${name}`)).status).toBe(200);
      }
      expect((await send('GET', '/console/files/main-OLD.js')).status).toBe(404);
    });
  });
}
