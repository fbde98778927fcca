import { describe, expect, it, vi } from 'vitest';
import {
  applyStaged,
  exportLines,
  idsOfOrders,
  importLines,
  instanceLine,
  instanceLines,
  planOf,
  stageLines,
} from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { settle } from '../../../../test/simulation/virtual-time';
import {
  IMPORT_IDLE_MAX_MS,
  IMPORT_RESUME_MS,
  OVERRIDE_LINGER_MS,
  SERVICES_PER_NAMESPACE_MAX_COUNT,
} from '../../../model/limits';
import { ServiceDefinition } from '../../../model/service';
import { encodeService } from '../records/records';

describe('merge', () => {
  it('[Z8] writes the records of the file and leaves the rest, in slices of one revision each', async () => {
    const namespace = new NodeNamespace();
    await importLines(namespace.api, [instanceLine('old')], 'merge');
    const before = namespace.state.journal;
    const { revision, epoch } = before;
    const report = await importLines(namespace.api, instanceLines(2_500), 'merge');
    expect(report).toMatchObject({ isDone: true, revision: revision + 3 });
    expect(namespace.state.journal.epoch).toBe(epoch);
    expect(idsOfOrders(namespace)).toHaveLength(2_501);
  });

  it('[Z8] changes nothing if everything is there already, and its leases continue', async () => {
    const namespace = new NodeNamespace();
    const lease = { ttlMs: 30_000 };
    await importLines(namespace.api, [instanceLine('a', { ephemeral: true, lease })], 'merge');
    await namespace.pass(20_000);
    const { revision } = namespace.state.journal;
    expect(await importLines(namespace.api, [instanceLine('a', { ephemeral: true, lease })], 'merge')).toMatchObject({
      revision,
    });
    await namespace.pass(10_501);
    expect(idsOfOrders(namespace)).toEqual([]);
  });

  it('[Z9] starts a lease when its instance is written', async () => {
    const namespace = new NodeNamespace();
    const importId = await stageLines(namespace.api, [instanceLine('a', { ephemeral: true })]);
    await namespace.pass(25_000);
    await applyStaged(namespace.api, importId, 'merge');
    await namespace.pass(29_000);
    expect(idsOfOrders(namespace)).toEqual(['a']);
    await namespace.pass(1_501);
    expect(idsOfOrders(namespace)).toEqual([]);
  });
});

describe('replace', () => {
  it('[Z10, Z2] makes the namespace equal to the file, under a new epoch, with the cause imported', async () => {
    const namespace = new NodeNamespace();
    await importLines(
      namespace.api,
      [instanceLine('a'), instanceLine('b'), { kind: 'service', service: 'gone' }],
      'merge',
    );
    const { cursor, epoch } = namespace.state.journal;
    await importLines(namespace.api, [instanceLine('b', { weight: 2 }), instanceLine('c')], 'replace');
    expect(namespace.state.journal.epoch).not.toBe(epoch);
    expect(namespace.state.journal.position(cursor)).toBeUndefined();
    expect((await exportLines(namespace.api)).map((line) => JSON.parse(line).id)).toEqual(['b', 'c']);
    const history = JSON.parse((await namespace.api.history({})).body).entries;
    expect(
      new Set(history.flatMap(({ changes }: { changes: { cause: string }[] }) => changes.map(({ cause }) => cause))),
    ).toEqual(new Set(['imported']));
    const why = JSON.parse(
      (await namespace.api.why({ key: { group: 'DEFAULT_GROUP', service: 'orders', id: 'a' } })).body,
    );
    expect(why.summary).toMatch(
      /^a is gone: an import at 20.* by token admin replaced everything and did not include it$/,
    );
  });

  it('[Z10] finds no service empty meanwhile: additions precede removals', async () => {
    const namespace = new NodeNamespace();
    await importLines(namespace.api, instanceLines(1_500, { service: 'old' }).concat(instanceLines(10)), 'merge');
    const importId = await stageLines(namespace.api, instanceLines(1_500, { service: 'orders', port: 81 }));
    for (;;) {
      const { body } = await namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode: 'replace' });
      expect(idsOfOrders(namespace).length).toBeGreaterThan(0);
      if (JSON.parse(body).isDone) break;
    }
    expect(idsOfOrders(namespace)).toHaveLength(1_500);
  });

  it('[Z10, Z2] sends watchers nothing meanwhile, and then everything at once', async () => {
    const stage = new WatchStage();
    await stage.scene.register('a');
    const client = stage.connect();
    await client.watch();
    client.take();
    const importId = await stageLines(stage.namespace.api, instanceLines(6_000, { service: 'other' }));
    const first = JSON.parse(
      (await stage.namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode: 'replace' })).body,
    );
    expect(first.isDone).toBe(false);
    const late = stage.connect();
    await late.watch();
    await settle();
    expect(client.take()).toEqual([]);
    expect(late.take()).toEqual([]);
    await applyStaged(stage.namespace.api, importId, 'replace');
    await settle();
    for (const each of [client, late]) {
      const [reset, ...snapshots] = await each.readAll();
      expect(reset).toMatchObject({ type: 'reset', reason: 'imported' });
      const services = snapshots.flatMap((frame) => (frame.type === 'snapshot' ? frame.services : []));
      expect(services.flatMap(({ instances }) => instances)).toHaveLength(6_000);
    }
  });
});

it('[O3, Z8] an override in the file whose instance never registers is kept for ten minutes, including a sleep', async () => {
  const namespace = new NodeNamespace();
  await importLines(namespace.api, [{ kind: 'override', service: 'orders', id: 'comes-later', weight: 3 }], 'merge');
  const count = () => namespace.state.catalog.overrideCount;
  await namespace.pass(OVERRIDE_LINGER_MS - 60_000);
  await namespace.hibernate();
  await namespace.api.stats();
  expect(count()).toBe(1);
  await namespace.pass(60_001);
  expect(count()).toBe(0);
});

it('[Z7] refuses records beyond the limits of the namespace, and changes nothing', async () => {
  const namespace = new NodeNamespace();
  namespace.state.settings.replace({ retention: {}, limits: { instances: 5 } });
  await importLines(namespace.api, instanceLines(3), 'merge');
  await expect(importLines(namespace.api, instanceLines(8).slice(5), 'merge')).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
  });
  await importLines(namespace.api, instanceLines(5), 'merge');
  await importLines(namespace.api, instanceLines(9).slice(5), 'replace');
  expect(idsOfOrders(namespace)).toHaveLength(4);
});

it.each(['merge', 'replace'] as const)(
  '[Z7] refuses more services than the limit of the namespace, by %s',
  async (mode) => {
    const namespace = new NodeNamespace();
    namespace.state.settings.replace({ retention: {}, limits: { services: 2 } });
    const named = (service: string) => [instanceLine('a', { service }), instanceLine('b', { service })];
    await importLines(namespace.api, [...named('one'), ...named('two')], mode);
    const more = importLines(namespace.api, [...named('one'), ...named('two'), ...named('three')], mode);
    await expect(more).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    if (mode === 'replace') await importLines(namespace.api, [...named('three'), ...named('four')], mode);
    expect(namespace.state.catalog.serviceCount).toBe(2);
  },
);

it('[Z7] refuses more services than the limit of the namespace, even if it slept between the plan and the rest', async () => {
  const namespace = new NodeNamespace();
  await importLines(namespace.api, [instanceLine('a', { service: 'one' })], 'merge');
  const importId = await stageLines(namespace.api, [
    instanceLine('a', { service: 'one' }),
    instanceLine('a', { service: 'two' }),
  ]);
  await planOf(namespace.api, importId, 'merge');
  await namespace.hibernate();
  namespace.state.settings.replace({ retention: {}, limits: { services: 1 } });
  await expect(applyStaged(namespace.api, importId, 'merge')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  namespace.state.settings.replace({ retention: {}, limits: { services: 2 } });
  await applyStaged(namespace.api, importId, 'merge');
  expect(namespace.state.catalog.serviceCount).toBe(2);
});

it('[Z7, R15] refuses more explicit services than any namespace can have', async () => {
  const namespace = new NodeNamespace();
  const { catalog } = namespace.state;
  const record = { definition: ServiceDefinition.parse({}), createdRevision: 1 };
  for (let index = 1; index < SERVICES_PER_NAMESPACE_MAX_COUNT; index++) {
    const service = catalog.serviceFor({ group: 'DEFAULT_GROUP', service: `s${index}` });
    catalog.setOwn(service, { text: encodeService(record), record, revision: 1 });
  }
  const service = (name: string) => ({ kind: 'service', service: name });
  const over = await stageLines(namespace.api, ['s1', 'new', 'other'].map(service));
  await expect(applyStaged(namespace.api, over, 'merge')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  await applyStaged(namespace.api, await stageLines(namespace.api, ['s1', 's2', 'new'].map(service)), 'merge');
  expect(catalog.ownServiceCount).toBe(SERVICES_PER_NAMESPACE_MAX_COUNT);
});

it('[I8] costs a row to stage a record and one to write it, and a row of the journal for each slice', async () => {
  const namespace = new NodeNamespace();
  const { storage } = namespace.platform;
  const importId = await stageLines(namespace.api, instanceLines(2_000));
  const staged = storage.takeWritten();
  expect(staged).toEqual({ 'insert checkpoint': 1, 'insert property': 4, 'insert staged': 2_000 });
  await applyStaged(namespace.api, importId, 'merge');
  await settle();
  const { 'delete staged': cleared = 0, ...applied } = storage.takeWritten();
  expect(applied).toEqual({ 'insert property': 2, 'insert record': 2_000, 'insert journal': 2 });
  expect(cleared).toBeLessThanOrEqual(2_000);
});

it('[Z10, Z11] a replace that continues after a crash sends watchers everything at once too', async () => {
  const stage = new WatchStage();
  const { namespace } = stage;
  await stage.scene.register('a');
  const client = stage.connect();
  await client.watch();
  const importId = await stageLines(namespace.api, instanceLines(6_000, { service: 'other' }));
  await namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode: 'replace' });
  client.take();
  await namespace.restart();
  await namespace.api.stats();
  expect(client.take()).toEqual([]);
  await namespace.pass(1_000);
  const [reset, ...snapshots] = client.take();
  expect(reset).toMatchObject({ type: 'reset', reason: 'imported' });
  expect(new Set(snapshots.map(({ type }) => type))).toEqual(new Set(['snapshot']));
});

describe('an import that is interrupted', () => {
  it('[Z11] before it is applied leaves nothing, and is forgotten', async () => {
    const namespace = new NodeNamespace();
    const importId = await stageLines(namespace.api, instanceLines(10));
    await namespace.restart();
    expect(await planOf(namespace.api, importId, 'merge')).toMatchObject({ added: 10 });
    await namespace.pass(IMPORT_IDLE_MAX_MS + 1_000);
    await expect(applyStaged(namespace.api, importId, 'merge')).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(namespace.platform.storage.rows('SELECT 1 FROM staged')).toEqual([]);
    expect(idsOfOrders(namespace)).toEqual([]);
  });

  it.each(['merge', 'replace'] as const)(
    '[Z11, I1] %s continues automatically after a crash, once it was to be applied',
    async (mode) => {
      const namespace = new NodeNamespace();
      await importLines(namespace.api, [instanceLine('old'), ...instanceLines(3_000, { weight: 3 })], 'merge');
      const { epoch } = namespace.state.journal;
      const importId = await stageLines(namespace.api, instanceLines(6_000));
      await planOf(namespace.api, importId, mode);
      const { body } = await namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode });
      expect(JSON.parse(body).isDone).toBe(false);
      await namespace.restart();
      await namespace.api.stats();
      await namespace.pass(1_000);
      const ids = idsOfOrders(namespace);
      expect(ids).toHaveLength(mode === 'merge' ? 6_001 : 6_000);
      expect(namespace.state.journal.epoch === epoch).toBe(mode === 'merge');
      expect(namespace.platform.storage.rows('SELECT 1 FROM staged')).toEqual([]);
      expect(await applyStaged(namespace.api, importId, mode)).toMatchObject({ isDone: true });
    },
  );

  it('[Z11] continues automatically if its next slices are never requested', async () => {
    const namespace = new NodeNamespace();
    const importId = await stageLines(namespace.api, instanceLines(6_000));
    await namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode: 'merge' });
    await namespace.pass(IMPORT_RESUME_MS + 1_000);
    expect(idsOfOrders(namespace)).toHaveLength(6_000);
  });
});

it('[Z11, L1] and continues automatically yields to other calls between its slices, and does due work', async () => {
  const namespace = new NodeNamespace();
  await importLines(namespace.api, instanceLines(6_000), 'merge');
  await importLines(namespace.api, [instanceLine('dies', { ephemeral: true, service: 'other' })], 'merge');
  await namespace.pass(29_500);
  const importId = await stageLines(namespace.api, instanceLines(6_000));
  const seen: string[] = [];
  // Nothing is written for unchanged records: only a turn separates two slices.
  vi.spyOn(namespace.state.platform, 'nextTurn').mockRejectedValueOnce(new Error('the call is cut off'));
  const applied = namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode: 'merge' });
  await expect(applied).rejects.toThrow('cut off');
  vi.spyOn(namespace.platform, 'nextTurn').mockImplementation(async () => {
    const { catalog, imports } = namespace.state;
    seen.push(`${imports.isApplying ? 'applying' : 'over'}, ${catalog.instanceCount}`);
    namespace.platform.jump(400);
  });
  await namespace.hibernate();
  await namespace.fireAlarm();
  expect(new Set(seen)).toEqual(new Set(['applying, 6001', 'applying, 6000']));
  expect(namespace.state.imports.isApplying).toBe(false);
});
