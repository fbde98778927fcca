import { describe, expect, it } from 'vitest';
import { instanceView } from '../../../test/fixtures/instance-view';
import { EUREKA_LIST_KEPT_MAX_BYTES } from '../../model/limits';
import { Fleet } from './fleet';
import { FullLists, fullList } from './lists';

const AT = { cursor: 'c1', revision: 1, now: 1_000 };
const NOTE = 'x'.repeat(8_000);
const COUNT = Math.ceil(EUREKA_LIST_KEPT_MAX_BYTES / NOTE.length);

/** Instances of two applications, whose text is longer than a cached list. */
const views = Array.from({ length: COUNT }, (_, number) =>
  instanceView({
    id: `i${number}`,
    service: number % 2 === 0 ? 'ORDERS' : 'USERS',
    address: '10.0.0.1',
    port: 1,
    metadata: { note: NOTE },
  }),
);

describe('FullLists', () => {
  it.each(['json', 'xml'] as const)(
    '[V12] streams a large list as %s, from the moment of the request',
    async (format) => {
      const fleet = new Fleet({ instances: views, at: AT, knownSince: 0 });
      const expected = fullList(new Fleet({ instances: views, at: AT, knownSince: 0 }), format);
      const [plain, compressed] = [
        await new FullLists().of(fleet, format, false),
        await new FullLists().of(fleet, format, true),
      ];
      const instances = views.slice(0, 9).map((instance) => ({ instance, isGone: true, isNew: false, at: 2_000 }));
      fleet.apply({ cursor: 'c2', revision: 2, now: 2_000, instances });
      if (plain instanceof Uint8Array || compressed instanceof Uint8Array) throw new Error('it was built as a whole');
      expect((await new Response(plain).text()) === expected).toBe(true);
      const unpacked = compressed.pipeThrough(new DecompressionStream('gzip'));
      expect((await new Response(unpacked).text()) === expected).toBe(true);
    },
  );

  it('[V12] caches a list of ordinary size, judged by its text, not by its count', async () => {
    const fleet = new Fleet({ instances: views.slice(0, 9), at: AT, knownSince: 0 });
    const lists = new FullLists();
    const list = await lists.of(fleet, 'json', false);
    expect(list).toBeInstanceOf(Uint8Array);
    expect(await lists.of(fleet, 'json', false)).toBe(list);
    expect([fleet.size, fleet.textSize > 9 * NOTE.length]).toEqual([9, true]);
    const [gone] = views;
    if (gone === undefined) throw new Error('there is one');
    const before = fleet.textSize;
    const instances = [{ instance: gone, isGone: true, isNew: false, at: 2_000 }];
    fleet.apply({ cursor: 'c2', revision: 2, now: 2_000, instances });
    expect(before - fleet.textSize).toBe(JSON.stringify(gone).length);
  });
});
