import { describe, expect, it } from 'vitest';
import { exportLines, importLines } from '../../../../test/fixtures/files';
import { NodeNamespace } from '../../../../test/fixtures/node-namespace';
import { SeededRandom } from '../../../../test/simulation/seeded-random';
import { decodeCursor } from '../../../model/cursor';
import { readJsonText } from '../../../model/json';
import { EXPORT_PART_MAX_BYTES } from '../../../model/limits';

const PADDING = 'x'.repeat(4_000);

const instance = (service: string, id: string, more: object = {}) => ({
  kind: 'instance',
  service,
  id,
  address: '10.0.0.1',
  port: 80,
  ephemeral: false,
  metadata: { padding: PADDING },
  ...more,
});

/** Records of every kind with random members, some of them of a group of its own. */
function randomRecords(random: SeededRandom): object[] {
  const records: object[] = [];
  for (const service of ['a', 'b', 'ü "quoted" \\ \u2028']) {
    const group = random.pick(['DEFAULT_GROUP', 'g']);
    if (random.chance(0.6)) {
      const selector = random.chance(0.5) ? { type: 'label', expression: 'a=b' } : undefined;
      records.push({
        kind: 'service',
        group,
        service,
        metadata: { n: 'ä' },
        protectThreshold: random.fraction(),
        selector,
      });
    }
    for (let index = 0; index < random.whole(1, 20); index++) {
      const id = `i-${index}`;
      const override = { enabled: random.chance(0.5), metadata: { b: '1', a: '2' }, quarantine: { reason: 'r"' } };
      if (random.chance(0.3))
        records.push({
          kind: 'override',
          group,
          service,
          id,
          ...override,
          actor: 'op',
          updatedAt: '2029-01-01T00:00:00.123Z',
        });
      records.push({
        ...{ kind: 'instance', group, service, id, owner: random.pick(['t1', 't2']), address: 'fe80::1', port: 1 },
        ...(random.chance(0.5)
          ? { ephemeral: false }
          : { lease: { ttlMs: 5_000, removeAfterMs: null, firstRemoveAfterMs: 9_000 } }),
        ...(random.chance(0.5) ? { location: { zone: 'z' } } : { place: { latitude: 1, longitude: 2 } }),
        ...(random.chance(0.5) ? { url: 'https://x.example', extensions: { nacos: { '"': [null, {}] } } } : {}),
        ...{
          weight: random.whole(0, 3),
          status: random.pick(['up', 'down']),
          tags: ['t', 's'],
          ports: { z: { port: 2 }, a: { port: 3 } },
        },
        ...{ node: 'n', cluster: 'c', version: 'v', incarnation: 'x', metadata: { z: '', a: '}","owner":"me"' } },
      });
    }
  }
  return records;
}

describe('an export', () => {
  it('[Z5] has everything at one cursor, whatever changes between the parts', async () => {
    const namespace = new NodeNamespace();
    const { api } = namespace;
    const ids = Array.from({ length: 600 }, (_, index) => `i${String(index).padStart(4, '0')}`);
    await importLines(
      api,
      ids.flatMap((id) => [instance('a', id), instance('b', id)]),
      'merge',
    );
    const expected = await exportLines(api);
    const first = await api.exportPart({});
    const part = readJsonText(first.body);
    expect(part.lines.length).toBeLessThan(EXPORT_PART_MAX_BYTES + 5_000);
    expect(part.header).toMatchObject({ counts: { instances: 1_200, services: 0, overrides: 0 }, revision: 2 });
    expect(part.header?.epoch).toBe(decodeCursor(first.cursor)?.epoch);
    const lines = [part.lines];
    let { next } = part;
    while (next !== undefined) {
      // Everything keeps changing back and forth.
      await importLines(api, [instance('a', 'i0000'), instance('b', 'i9'), instance('z', 'new')], 'merge');
      await importLines(
        api,
        ids.slice(-50).map((id) => instance('b', id, { weight: lines.length })),
        'merge',
      );
      const more = await api.exportPart({ after: next });
      expect(more.cursor).toBe(first.cursor);
      lines.push(readJsonText(more.body).lines);
      ({ next } = readJsonText(more.body));
    }
    expect(lines.length).toBeGreaterThan(3);
    expect(lines.join('').trim().split('\n')).toEqual(expected);
  });

  it.each([1, 2, 3, 4, 5, 6])(
    '[Z12] imported into an empty namespace exports to the same lines, with seed %i',
    async (seed) => {
      const [one, other] = [new NodeNamespace(), new NodeNamespace()];
      const records = randomRecords(new SeededRandom(seed));
      await importLines(one.api, records, 'merge');
      const lines = await exportLines(one.api);
      expect(lines).toHaveLength(records.length);
      expect(
        lines
          .map((line) => JSON.parse(line).owner)
          .filter((owner) => owner !== undefined)
          .sort(),
      ).toEqual(records.flatMap((record) => ('owner' in record ? [record.owner] : [])).sort());
      await importLines(other.api, lines, 'replace');
      expect(await exportLines(other.api)).toEqual(lines);
      await importLines(other.api, lines.slice(0, 3), 'replace');
      expect(await exportLines(other.api)).toHaveLength(3);
      await importLines(other.api, lines, 'merge');
      expect(await exportLines(other.api)).toEqual(lines);
    },
  );

  it('[Z5] contains an override that has outlived its instance', async () => {
    const namespace = new NodeNamespace();
    await importLines(namespace.api, [{ kind: 'override', service: 'a', id: 'gone', weight: 2 }], 'merge');
    expect((await exportLines(namespace.api)).map((line) => JSON.parse(line))).toMatchObject([
      { kind: 'override', id: 'gone', weight: 2, actor: 'admin' },
    ]);
  });

  it('[Z5] refuses to continue from a position it did not return', async () => {
    const { api } = new NodeNamespace();
    await expect(api.exportPart({ after: 'x' })).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
  });
});
