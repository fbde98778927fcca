import { expect, it } from 'vitest';
import { importLines, instanceLine, planOf, stageLines } from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { INSTANCES_PER_SERVICE_MAX_COUNT } from '../../../model/limits';

const override = (id: string, weight: number) => ({
  kind: 'override',
  service: 'orders',
  id,
  weight,
  actor: 'o',
  updatedAt: '2029-01-01T00:00:00Z',
});

it('[Z6] lists what would be added, changed, removed and kept, and changes nothing', async () => {
  const namespace = new NodeNamespace();
  const { api } = namespace;
  await importLines(
    api,
    [{ kind: 'service', service: 'gone' }, override('a', 1), instanceLine('a'), instanceLine('b'), instanceLine('c')],
    'merge',
  );
  const { revision } = namespace.state.journal;
  const importId = await stageLines(api, [
    { kind: 'service', service: 'new' },
    override('a', 2),
    instanceLine('b', { weight: 2 }),
    instanceLine('c'),
    instanceLine('d'),
  ]);
  const differences = ['+new', '~!a', '~b', '+d'];
  expect(await planOf(api, importId, 'merge')).toEqual({ added: 2, changed: 2, removed: 0, unchanged: 1, differences });
  expect(await planOf(api, importId, 'replace')).toEqual({
    added: 2,
    changed: 2,
    removed: 2,
    unchanged: 1,
    differences: [...differences, '-gone', '-a'],
  });
  expect(namespace.state.journal.revision).toBe(revision);
});

it('[Z6] has pages, and lists each record once', async () => {
  const namespace = new NodeNamespace();
  const { api } = namespace;
  const many = (service: string, count: number) =>
    Array.from({ length: count }, (_, index) => instanceLine(`i${index}`, { service }));
  const services = Array.from({ length: 2_100 }, (_, index) => ({ kind: 'service', service: `s${index}` }));
  await importLines(api, [...services, ...many('old', 4_100)], 'merge');
  const plan = await planOf(api, await stageLines(api, many('new', 4_100)), 'replace');
  expect(plan).toMatchObject({ added: 4_100, removed: 6_200, changed: 0, unchanged: 0 });
  expect(plan.differences).toHaveLength(10_300);
});

it('[Z7, R15] refuses a service with too many instances, at the first line beyond the limit', async () => {
  const { api } = new NodeNamespace();
  const many = (count: number, prefix: string) =>
    Array.from({ length: count }, (_, index) => instanceLine(`${prefix}${String(index).padStart(6, '0')}`));
  const importId = await stageLines(api, many(INSTANCES_PER_SERVICE_MAX_COUNT + 1, 'a'));
  for (const mode of ['merge', 'replace'] as const) {
    await expect(planOf(api, importId, mode)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringContaining('line 10002'),
    });
  }
});
