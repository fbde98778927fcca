import { beforeAll, describe, expect, it } from 'vitest';
import { INSTANCES_PER_SERVICE_MAX_COUNT, LIST_TEXT_MAX_BYTES } from '../../src/model/limits';
import { DEFAULT_GROUP } from '../../src/model/service-name';
import { etagOf, type Home, NS } from '../fixtures/home';
import { ROOT_TOKEN } from '../fixtures/test-app';

/** Registers the tests of a service of maximum size with instances of 3 KB each, more than one call to an object carries. */
export function longListsSuite({ ask, send }: Home): void {
  const SERVICE = `${NS}/groups/${DEFAULT_GROUP}/services/orders`;
  const COUNT = INSTANCES_PER_SERVICE_MAX_COUNT;
  const NOTE = 'x'.repeat(2_990);
  const idOf = (number: number) => `i${String(number).padStart(5, '0')}`;

  interface List {
    instances: { id: string; metadata: Record<string, string> }[];
    next?: string;
    truncated?: boolean;
  }

  beforeAll(async () => {
    for (let first = 0; first < COUNT; first += 1_000) {
      const operations = Array.from({ length: 1_000 }, (_, index) => ({
        op: 'register',
        service: 'orders',
        id: idOf(first + index),
        address: '10.0.0.7',
        port: first + index + 1,
        metadata: { note: NOTE },
        lease: { ttlMs: 3_600_000 },
      }));
      expect((await ask('POST', `${NS}/batch`, { operations })).status).toBe(200);
    }
  }, 60_000);

  describe('10,000 instances of 3 KB', () => {
    it('[V8] are listed in pages that continue to the end, each of them conditional', { timeout: 60_000 }, async () => {
      const ids: string[] = [];
      let query = '';
      for (;;) {
        const page = await ask<List>('GET', `${SERVICE}/instances?${query}`);
        expect([page.status, JSON.stringify(page.body).length < LIST_TEXT_MAX_BYTES + 1_000]).toEqual([200, true]);
        for (const { id } of page.body.instances) ids.push(id);
        const condition = { 'if-none-match': etagOf(page) };
        expect((await ask('GET', `${SERVICE}/instances?${query}`, undefined, condition)).status).toBe(304);
        if (page.body.next === undefined) break;
        query = `after=${page.body.next}`;
      }
      expect([ids.length, ids[0], ids.at(-1)]).toEqual([COUNT, idOf(0), idOf(COUNT - 1)]);
    });

    it('[V10] resolve to as many as a response can hold, and say so', { timeout: 60_000 }, async () => {
      const { status, body } = await ask<List>('GET', `${SERVICE}/resolve`);
      expect([status, body.truncated, body.instances.length > 1_000]).toEqual([200, true, true]);
      const few = await ask<List>('GET', `${SERVICE}/resolve?limit=10`);
      expect([few.body.truncated, few.body.instances.length]).toEqual([undefined, 10]);
    });

    it.each([
      ['v1', '/n/:ns/nacos/v1/ns/instance/list?serviceName=orders'],
      ['v2', '/n/:ns/nacos/v2/ns/instance/list?serviceName=orders'],
      ['v3', '/n/:ns/nacos/v3/client/ns/instance/list?serviceName=orders'],
    ])('[V9] are one list in Nacos %s', { timeout: 60_000 }, async (_version, path) => {
      const response = await send('GET', `${path}&username=nacos&password=${ROOT_TOKEN}`);
      const answer = (await response.json()) as { data?: { hosts: unknown[] } | unknown[]; hosts?: unknown[] }; // `as`: checked below
      const { data = answer } = answer;
      const hosts = Array.isArray(data) ? data : data.hosts;
      expect([response.status, hosts?.length, hosts?.at(-1)]).toMatchObject([200, COUNT, { metadata: { note: NOTE } }]);
    });

    it('[V9] are one list in Eureka, plain and compressed', { timeout: 60_000 }, async () => {
      for (const encoding of ['identity', 'gzip']) {
        const response = await send('GET', '/n/:ns/eureka/apps', {
          headers: {
            authorization: `Basic ${btoa(`spring:${ROOT_TOKEN}`)}`,
            accept: 'application/json',
            'accept-encoding': encoding,
          },
        });
        const { applications } = (await response.json()) as {
          applications: { application: { instance: unknown[] }[] };
        }; // `as`: checked below
        expect([response.status, applications.application[0]?.instance.length]).toEqual([200, COUNT]);
      }
    });

    it('[V9] are the nodes of one service in go-micro', { timeout: 60_000 }, async () => {
      const response = await send('GET', '/n/:ns/registry?service=orders', {
        headers: { authorization: `Bearer ${ROOT_TOKEN}` },
      });
      const services = (await response.json()) as { nodes: unknown[] }[]; // `as`: checked below
      expect([response.status, services.flatMap(({ nodes }) => nodes).length]).toEqual([200, COUNT]);
    });
  });
}
