import { describe, expect, it } from 'vitest';
import { ADMIN, applyStaged, exportLines, planOf, recordsOf, stageLines } from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { IMPORT_IDLE_MAX_MS, INSTANCES_PER_NAMESPACE_MAX_COUNT } from '../../../model/limits';
import { EMPTY_TALLY } from './staged-records';

const instance = (id: string, more: object = {}) => ({
  ...{ kind: 'instance', service: 'orders', id, address: '10.0.0.1', port: 80, ephemeral: false },
  ...more,
});

describe('staged records', () => {
  it('[Z11] have no effect, and are forgotten if nothing more arrives', async () => {
    const namespace = new NodeNamespace();
    await stageLines(namespace.api, [instance('a')]);
    expect(await exportLines(namespace.api)).toEqual([]);
    expect(namespace.state.journal.revision).toBe(0);
    await namespace.pass(IMPORT_IDLE_MAX_MS - 1_000);
    expect(namespace.state.imports.isUnderWay).toBe(true);
    await namespace.pass(2_000);
    expect(namespace.state.imports.isUnderWay).toBe(false);
  });

  it('[Z7] are stored once each, in one call or in two', async () => {
    const { api } = new NodeNamespace();
    const twice = [instance('a'), instance('b'), instance('a')];
    for (const perCall of [3, 2]) {
      await expect(stageLines(api, twice, perCall)).rejects.toThrow(
        'line 4: the instance "a" of service "orders" is already in line 2',
      );
    }
    await stageLines(
      api,
      [instance('a'), { kind: 'override', service: 'orders', id: 'a', weight: 1 }, instance('a', { group: 'g' })],
      1,
    );
  });

  it('[Z11] are replaced by another import, but not while they are applied', async () => {
    const { api } = new NodeNamespace();
    const first = await stageLines(api, [instance('a')]);
    const second = await stageLines(
      api,
      Array.from({ length: 5_500 }, (_, index) => instance(`b${index}`)),
    );
    await expect(api.stageImport(ADMIN, { importId: first, records: [] })).rejects.toMatchObject({ code: 'CONFLICT' });
    await api.applyImport(ADMIN, { importId: second, mode: 'merge' });
    await expect(stageLines(api, [instance('c')])).rejects.toMatchObject({ code: 'CONFLICT' });
    await applyStaged(api, second, 'merge');
    expect(await planOf(api, await stageLines(api, [instance('a')]), 'replace')).toMatchObject({
      added: 1,
      removed: 5_500,
    });
  });

  it('[Z7, R14] that no namespace can hold are refused with their line', async () => {
    const namespace = new NodeNamespace();
    const importId = await stageLines(namespace.api, [instance('a')]);
    namespace.state.imports.tally = { ...EMPTY_TALLY, size: 1, instances: INSTANCES_PER_NAMESPACE_MAX_COUNT - 1 };
    await namespace.api.stageImport(ADMIN, { importId, records: recordsOf([instance('b')]) });
    await expect(
      namespace.api.stageImport(ADMIN, { importId, records: recordsOf([instance('c')]) }),
    ).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('line 2: the file has more than 100000 instances'),
    });
  });

  it('[Z12] belong to the importing token unless the file says otherwise', async () => {
    const { api } = new NodeNamespace();
    await applyStaged(api, await stageLines(api, [instance('a'), instance('b', { owner: 'other' })]), 'merge');
    expect((await exportLines(api)).map((line) => JSON.parse(line).owner)).toEqual(['admin', 'other']);
  });
});
