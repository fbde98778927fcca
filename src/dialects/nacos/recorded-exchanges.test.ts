import { describe, expect, it } from 'vitest';
import { NacosStage } from '../../../test/fixtures/nacos-stage';

/**
 * Requests of Java's client 1.4.8 and Go's SDK 1.1.6, taken from their sources because neither can run here. A proof runs
 * Node's client unchanged.
 */

const INSTANCE = '/nacos/v1/ns/instance';
const FORM = 'application/x-www-form-urlencoded;charset=utf-8';
const SERVICE = 'serviceName=DEFAULT_GROUP%40%40orders';

describe('the Java client', () => {
  it('[Y1, Y5] logs in, registers, sends full then light heartbeats, and registers again if unknown', async () => {
    const stage = new NacosStage();
    const login = await stage.app.send('POST', '/nacos/v1/auth/users/login?username=nacos', {
      headers: { 'content-type': FORM },
      body: `password=${stage.token}`,
    });
    const { accessToken, tokenTtl } = (await login.json()) as { accessToken: string; tokenTtl: unknown };
    expect([login.status, typeof tokenTtl]).toEqual([200, 'number']);
    const call = async (method: string, path: string, form?: string) => {
      const init = form === undefined ? {} : { headers: { 'content-type': FORM }, body: form };
      const response = await stage.app.send(method, `${path}&accessToken=${accessToken}`, init);
      return [response.status, await response.text()];
    };
    const register = `${INSTANCE}?app=unknown&metadata=%7B%22preserved.register.source%22%3A%22SPRING_CLOUD%22%7D&ip=10.0.0.7&weight=1.0&ephemeral=true&${SERVICE}&encoding=UTF-8&groupName=DEFAULT_GROUP&namespaceId=public&port=8080&enable=true&healthy=true&clusterName=DEFAULT`;
    expect(await call('POST', register)).toEqual([200, 'ok']);
    const beat = `${INSTANCE}/beat?app=unknown&namespaceId=public&port=8080&clusterName=DEFAULT&ip=10.0.0.7&${SERVICE}&encoding=UTF-8`;
    const whole = encodeURIComponent(
      '{"port":8080,"ip":"10.0.0.7","weight":1.0,"serviceName":"DEFAULT_GROUP@@orders","cluster":"DEFAULT","metadata":{"preserved.register.source":"SPRING_CLOUD"},"scheduled":false,"period":5000,"stopped":false}',
    );
    const heard = [200, '{"clientBeatInterval":5000,"code":10200,"lightBeatEnabled":true}'];
    expect(await call('PUT', beat, `beat=${whole}`)).toEqual(heard);
    expect(await call('PUT', beat)).toEqual(heard);
    await stage.namespace.pass(31_000);
    const unknown = [200, '{"clientBeatInterval":5000,"code":20404,"lightBeatEnabled":true}'];
    expect(await call('PUT', beat)).toEqual(unknown);
    expect(await call('POST', register)).toEqual([200, 'ok']);
    const list = `${INSTANCE}/list?app=unknown&healthyOnly=false&namespaceId=public&clientIP=10.0.0.2&${SERVICE}&udpPort=51234&encoding=UTF-8&clusters=`;
    const [status, text] = await call('GET', list);
    expect([status, JSON.parse(String(text))]).toMatchObject([
      200,
      {
        name: 'DEFAULT_GROUP@@orders',
        clusters: '',
        hosts: [{ metadata: { 'preserved.register.source': 'SPRING_CLOUD' } }],
      },
    ]);
    const gone = `${INSTANCE}?app=unknown&namespaceId=public&port=8080&clusterName=DEFAULT&ip=10.0.0.7&ephemeral=true&${SERVICE}&encoding=UTF-8`;
    expect(await call('DELETE', gone)).toEqual([200, 'ok']);
    expect(await stage.ids('DEFAULT_GROUP', 'orders')).toEqual([]);
  });
});

describe('the Go SDK', () => {
  it('[Y1, Y6] writes forms, and reads a list whose members have the types of its structs', async () => {
    const stage = new NacosStage();
    const register = `namespaceId=public&${SERVICE}&groupName=DEFAULT_GROUP&app=&clusterName=DEFAULT&ip=10.0.0.7&port=8080&weight=10&enable=true&healthy=true&metadata=%7B%22idc%22%3A%22shanghai%22%7D&ephemeral=true`;
    expect(await stage.send('POST', INSTANCE, register)).toEqual([200, 'ok']);
    const beat = encodeURIComponent(
      '{"ip":"10.0.0.7","port":8080,"weight":10,"serviceName":"DEFAULT_GROUP@@orders","cluster":"DEFAULT","metadata":{"idc":"shanghai"},"scheduled":false}',
    );
    const { clientBeatInterval } = Object(
      await stage.json('PUT', `${INSTANCE}/beat`, `namespaceId=public&${SERVICE}&beat=${beat}`),
    );
    expect(Number.isInteger(clientBeatInterval)).toBe(true);
    const list = Object(
      await stage.read(
        `${INSTANCE}/list?namespaceId=public&${SERVICE}&clusters=&udpPort=55001&healthyOnly=false&clientIp=10.0.0.3`,
      ),
    );
    const [host] = list.hosts;
    for (const whole of [list.cacheMillis, list.lastRefTime, host.port]) expect(Number.isInteger(whole)).toBe(true);
    for (const text of [list.name, list.clusters, list.checksum, list.env, list.dom]) expect(text).toBeTypeOf('string');
    for (const truth of [host.healthy, host.enabled, host.ephemeral, host.valid, host.marked, list.useSpecifiedURL]) {
      expect(truth).toBeTypeOf('boolean');
    }
    expect([host.weight, host.metadata]).toEqual([10, { idc: 'shanghai' }]);
    const gone = `namespaceId=public&${SERVICE}&clusterName=DEFAULT&ip=10.0.0.7&port=8080&ephemeral=true`;
    expect(await stage.send('DELETE', `${INSTANCE}?${gone}`)).toEqual([200, 'ok']);
  });
});
