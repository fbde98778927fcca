import { describe, expect, it } from 'vitest';
import type { Home } from '../fixtures/home';

/** Tests Nacos' calls on the whole registry. */
export function nacosSuite({ send, tokenFor, sleep, ns }: Home): void {
  const INSTANCE = '/n/:ns/nacos/v1/ns/instance';
  const SERVICE = 'serviceName=DEFAULT_GROUP%40%40orders';
  const BEAT = encodeURIComponent('{"ip":"10.0.0.7","port":8080,"cluster":"DEFAULT","weight":2,"metadata":{"v":"1"}}');

  const text = async (method: string, path: string) => {
    const response = await send(method, path);
    return [response.status, await response.text()];
  };

  describe('a Nacos client of a complete registry', () => {
    it('[Y1, Y5, Y6, Y7] registers, sends heartbeats, polls and deregisters, even if the namespace hibernates', async () => {
      const token = await tokenFor([
        { scope: 'register', ns: ns() },
        { scope: 'read', ns: ns() },
      ]);
      const who = `username=nacos&password=${token}`;
      const list = async () => {
        const [, answer] = await text(
          'GET',
          `${INSTANCE}/list?${SERVICE}&clusters=DEFAULT&udpPort=5&clientIP=10.0.0.2&${who}`,
        );
        return JSON.parse(String(answer)) as { clusters: string; lastRefTime: number; hosts: { weight: number }[] };
      };
      const heard = [200, '{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}'];

      expect(await list()).toMatchObject({ hosts: [] });
      expect(await text('PUT', `${INSTANCE}/beat?${SERVICE}&beat=${BEAT}&${who}`)).toEqual(heard);
      // Not after a renewal: the object stays awake until renewals are written down.
      await sleep();
      const first = await list();
      expect(first).toMatchObject({ clusters: 'DEFAULT', hosts: [{ weight: 2, healthy: true, metadata: { v: '1' } }] });
      await sleep();
      const second = await list();
      expect(second.lastRefTime).toBeGreaterThan(first.lastRefTime);
      expect(second.hosts).toEqual(first.hosts);
      expect(await text('PUT', `${INSTANCE}/beat?${SERVICE}&beat=${BEAT}&${who}`)).toEqual(heard);
      const place = `${SERVICE}&ip=10.0.0.7&port=8080&clusterName=DEFAULT&ephemeral=true`;
      expect(await text('POST', `${INSTANCE}?${place}&weight=3&${who}`)).toEqual([200, 'ok']);
      expect((await list()).hosts).toMatchObject([{ weight: 3 }]);
      expect((await text('PUT', `${INSTANCE}?${place}&weight=4&metadata=a%3D1&${who}`))[0]).toBe(200);
      expect((await list()).hosts).toMatchObject([{ weight: 4, metadata: { a: '1' } }]);
      expect(await text('DELETE', `${INSTANCE}?${place}&${who}`)).toEqual([200, 'ok']);
      expect((await list()).hosts).toEqual([]);
    });
  });
}
