import { describe, expect, it, vi } from 'vitest';
import {
  applyStaged,
  idsOfOrders,
  importLines,
  instanceLine,
  instanceLines,
  planOf,
  stageLines,
} from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { WatchStage } from '../../../../test/fixtures/watch-stage';
import { IMPORT_IDLE_MAX_MS, IMPORT_RESUME_MS } from '../../../model/limits';

it('[Z10, Z11] a replace that goes on after a crash tells those who watch all at once, too', async () => {
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
    '[Z11, I1] %s goes on by itself after a crash, once it was to be applied',
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

  it('[Z11] goes on by itself where nobody asks for its next slices', async () => {
    const namespace = new NodeNamespace();
    const importId = await stageLines(namespace.api, instanceLines(6_000));
    await namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode: 'merge' });
    await namespace.pass(IMPORT_RESUME_MS + 1_000);
    expect(idsOfOrders(namespace)).toHaveLength(6_000);
  });
});

it('[Z11, L1] one that goes on by itself gives others their turn between its slices, and time its due', async () => {
  const namespace = new NodeNamespace();
  await importLines(namespace.api, instanceLines(6_000), 'merge');
  await importLines(namespace.api, [instanceLine('dies', { ephemeral: true, service: 'other' })], 'merge');
  await namespace.pass(29_500);
  const importId = await stageLines(namespace.api, instanceLines(6_000));
  await namespace.api.applyImport({ tokenId: 'admin' }, { importId, mode: 'merge' });
  const seen: string[] = [];
  // Nothing is written for what is there already: a turn is all there is between two slices.
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
