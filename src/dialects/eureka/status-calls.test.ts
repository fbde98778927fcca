import { describe, expect, it } from 'vitest';
import { EurekaStage, INSTANCE_PATH } from '../../../test/fixtures/eureka-stage';
import { SPRING_INSTANCE } from '../../../test/fixtures/spring-instance';

const STATUS = `${INSTANCE_PATH}/status`;

const shown = async (stage: EurekaStage) => {
  const { status, overriddenStatus } = await stage.instance();
  return `${status} ${overriddenStatus}`;
};

describe('an operator', () => {
  it('[F9] takes an instance out of service despite new registrations, and later restores its own status', async () => {
    const stage = new EurekaStage();
    await stage.register();
    expect(await stage.brief('PUT', `${STATUS}?value=OUT_OF_SERVICE&lastDirtyTimestamp=5`)).toEqual([200, '']);
    expect(await shown(stage)).toBe('OUT_OF_SERVICE OUT_OF_SERVICE');
    expect(await stage.json('/serverinfo/statusoverrides')).toEqual({ [SPRING_INSTANCE.instanceId]: 'OUT_OF_SERVICE' });
    await stage.register({ lastDirtyTimestamp: '1700000000000' });
    expect(await shown(stage)).toBe('OUT_OF_SERVICE OUT_OF_SERVICE');
    expect(await stage.brief('PUT', INSTANCE_PATH)).toEqual([200, '']);
    expect(await stage.brief('DELETE', STATUS)).toEqual([200, '']);
    expect(await shown(stage)).toBe('UP UNKNOWN');
    expect(await stage.brief('DELETE', `${STATUS}?value=UP`)).toEqual([200, '']);
    expect(await stage.json('/serverinfo/statusoverrides')).toEqual({});
  });

  it('[F9] who sets UP allows the instance to report DOWN later', async () => {
    const stage = new EurekaStage();
    await stage.register();
    await stage.send('PUT', `${STATUS}?value=OUT_OF_SERVICE`);
    await stage.send('PUT', `${STATUS}?value=UP`);
    expect(await shown(stage)).toBe('UP UNKNOWN');
    await stage.register({ status: 'DOWN', lastDirtyTimestamp: '1700000000000' });
    expect(await shown(stage)).toBe('DOWN UNKNOWN');
  });

  it('[F9] who sets UP brings an instance into service that registered out of it', async () => {
    const stage = new EurekaStage();
    await stage.register({ status: 'OUT_OF_SERVICE' });
    await stage.send('PUT', `${STATUS}?value=UP`);
    expect((await stage.instance()).status).toBe('UP');
  });

  it('[F9] keeps other overrides', async () => {
    const stage = new EurekaStage();
    await stage.register();
    const key = { group: 'DEFAULT_GROUP', service: 'orders', id: SPRING_INSTANCE.instanceId };
    const caller = { tokenId: 'op', operates: true };
    await stage.namespace.api.putOverride(caller, { key, override: { weight: 3 }, precondition: {} });
    await stage.send('PUT', `${STATUS}?value=OUT_OF_SERVICE`);
    expect(await stage.view()).toMatchObject({ weight: 3, status: 'out-of-service' });
    await stage.send('DELETE', STATUS);
    expect(await stage.view()).toMatchObject({ weight: 3, status: 'up', overridden: true });
  });

  it.each([
    ['PUT', '?value=OUT_OF_SERVICE'],
    ['PUT', '?value=UP'],
    ['DELETE', ''],
  ])('[F9] loses no quarantine set concurrently with %s %s', async (method, query) => {
    const stage = new EurekaStage();
    await stage.register();
    await stage.send('PUT', `${STATUS}?value=DOWN`);
    const { registry } = stage.namespace;
    const { putOverride, clearOverride } = registry;
    const quarantine = async () => {
      Object.assign(registry, { putOverride, clearOverride });
      const key = { group: 'DEFAULT_GROUP', service: 'orders', id: SPRING_INSTANCE.instanceId };
      const caller = { tokenId: 'op', operates: true };
      await registry.putOverride(caller, { key, override: { status: 'down', quarantine: {} }, precondition: {} });
    };
    registry.putOverride = (...call) => quarantine().then(() => registry.putOverride(...call));
    registry.clearOverride = (...call) => quarantine().then(() => registry.clearOverride(...call));
    expect(await stage.brief(method, STATUS + query)).toEqual([200, '']);
    expect(await stage.view()).toMatchObject({ quarantined: true });
  });

  it('[F9] may take out an instance of another door', async () => {
    const stage = new EurekaStage();
    await stage.registerNative('u');
    await stage.send('PUT', '/eureka/apps/USERS/u/status?value=OUT_OF_SERVICE');
    expect(await stage.instance('/eureka/apps/USERS/u')).toMatchObject({ status: 'OUT_OF_SERVICE' });
    expect(await stage.view('u', 'users')).toMatchObject({ status: 'out-of-service', overridden: true });
  });
});

describe('a process about its own instance', () => {
  const begin = async () => {
    const stage = new EurekaStage().as({ scope: 'register', ns: 'public' }, { scope: 'read', ns: 'public' });
    await stage.register();
    return stage;
  };

  it('[F9] goes out of service and back, and registering again doesn’t revert it', async () => {
    const stage = await begin();
    expect(await stage.brief('PUT', `${STATUS}?value=OUT_OF_SERVICE`)).toEqual([200, '']);
    expect((await stage.instance()).status).toBe('OUT_OF_SERVICE');
    await stage.register({ lastDirtyTimestamp: '1700000000000' });
    expect(await shown(stage)).toBe('OUT_OF_SERVICE OUT_OF_SERVICE');
    expect(await stage.view()).toMatchObject({ status: 'out-of-service', overridden: false });
    expect(await stage.brief('DELETE', STATUS)).toEqual([200, '']);
    expect(await shown(stage)).toBe('UP UNKNOWN');
  });

  it('[F9] doesn’t end an operator’s override', async () => {
    const stage = await begin();
    const owner = stage.token;
    stage.as({ scope: 'operate', ns: 'public' });
    await stage.send('PUT', `${STATUS}?value=OUT_OF_SERVICE`);
    stage.token = owner;
    expect(await stage.brief('DELETE', STATUS)).toEqual([403, expect.stringContaining('an operator set this status')]);
    expect(await stage.brief('PUT', `${STATUS}?value=UP`)).toEqual([200, '']);
    expect((await stage.instance()).status).toBe('OUT_OF_SERVICE');
  });

  it('[F9] changes nothing of other registrations', async () => {
    const stage = await begin();
    await stage.registerNative('u');
    expect(await stage.brief('PUT', '/eureka/apps/USERS/u/status?value=DOWN')).toEqual([403, '']);
    expect(await stage.brief('PUT', '/eureka/apps/USERS/u')).toEqual([403, '']);
    expect(await stage.brief('PUT', '/eureka/apps/USERS/u/metadata?a=1')).toEqual([403, '']);
    expect((await stage.send('DELETE', '/eureka/apps/USERS/u')).status).toBe(403);
  });
});

it('[F9] an invalid status is refused, and one for an unknown instance is 404', async () => {
  const stage = new EurekaStage();
  await stage.register();
  for (const query of ['?value=Sideways', '?value=up', '?value=UNKNOWN', '?value=', '']) {
    expect([query, ...(await stage.brief('PUT', `${STATUS}${query}`))]).toEqual([query, 400, '']);
  }
  for (const method of ['PUT', 'DELETE']) {
    expect(await stage.brief(method, '/eureka/apps/ORDERS/none/status?value=UP')).toEqual([404, '']);
  }
});

describe('metadata', () => {
  it('[F1] is set by the query, the first of two values', async () => {
    const stage = new EurekaStage();
    await stage.register();
    expect(await stage.brief('PUT', `${INSTANCE_PATH}/metadata?a=1&b%20c=x+y&a=2`)).toEqual([200, '']);
    expect((await stage.instance()).metadata).toEqual({ 'management.port': '8080', a: '1', 'b c': 'x y' });
    for (const key of ['@class', '@x', '$', 'class']) {
      expect(await stage.brief('PUT', `${INSTANCE_PATH}/metadata?${key}=x`)).toEqual([400, '']);
    }
    expect(await stage.brief('PUT', '/eureka/apps/ORDERS/none/metadata?a=1')).toEqual([404, '']);
  });
});
