import { describe, expect, it } from 'vitest';
import type { HistoryEntry, HistoryPage } from '../../client/wire/history-answers';
import { type GoneSearch, type ReadHistory, searchGone } from './gone-search';

/** Makes an entry with the removal of an instance. */
function removal(
  revision: number,
  service: string,
  id: string,
  cause: HistoryEntry['cause'] = 'expired',
): HistoryEntry {
  const change = { kind: 'instance' as const, group: 'g', service, id, cause, before: null, after: null, watchers: 0 };
  return { revision, cursor: `c${revision}`, at: '2026-11-20T12:00:00Z', cause, actor: 'registry', changes: [change] };
}

/** Serves pages by cause, or the history of one instance. */
function registry(pages: Partial<Record<string, HistoryEntry[][]>>, exact: Record<string, HistoryEntry[]> = {}) {
  const asked: string[] = [];
  const read: ReadHistory = async ({ cause = '', service, instance, after = '0' }): Promise<HistoryPage> => {
    if (instance !== undefined) {
      asked.push(`${service}/${instance}`);
      return { entries: exact[`${service}/${instance}`] ?? [], compacted: false };
    }
    asked.push(`${cause} ${after}`);
    const index = Number(after);
    const all = pages[cause] ?? [];
    const next = index + 1 < all.length ? { next: String(index + 1) } : {};
    return { entries: all[index] ?? [], compacted: false, ...next };
  };
  return { asked, read };
}

async function search(
  find: string,
  { read }: { read: ReadHistory },
  services: { group: string; name: string }[] = [],
): Promise<GoneSearch & { steps: number }> {
  const steps: GoneSearch[] = [];
  await searchGone(find, services, read, (result) => steps.push(result));
  return { ...(steps.at(-1) ?? { matches: [], isPartial: false }), steps: steps.length };
}

const idsOf = ({ matches }: GoneSearch): string[] => matches.map(({ service, id }) => `${service}/${id}`);

describe('searchGone', () => {
  it('finds instances by part of their id or service, the newest first', async () => {
    const stage = registry({
      expired: [[removal(9, 'orders', 'o-17'), removal(5, 'cart', 'c-1')]],
      deregistered: [[removal(7, 'payments', 'x-17', 'deregistered')]],
    });
    expect(idsOf(await search('17', stage))).toEqual(['orders/o-17', 'payments/x-17']);
    expect(idsOf(await search('cart', stage))).toEqual(['cart/c-1']);
    expect(idsOf(await search(' CART', stage))).toEqual(['cart/c-1']);
  });

  it('continues page by page, and shows what it has', async () => {
    const stage = registry({ expired: [[removal(9, 'a', 'no')], [removal(5, 'a', 'yes-1')]] });
    const result = await search('yes', stage);
    expect(idsOf(result)).toEqual(['a/yes-1']);
    expect(result).toMatchObject({ steps: 2, isPartial: false });
    expect(stage.asked.filter((each) => each.endsWith(' 1'))).toEqual(['expired 1']);
  });

  it('ends after some pages, and says that older removals were not searched', async () => {
    const pages = Array.from({ length: 30 }, (_, index) => [removal(99 - index, 'a', `i-${index}`)]);
    const stage = registry({ expired: pages });
    expect(await search('i-29', stage)).toMatchObject({ matches: [], isPartial: true });
    expect(stage.asked.length).toBeLessThan(12);
  });

  it('lists an instance once, with its newest removal', async () => {
    const stage = registry({
      expired: [[removal(9, 'a', 'back'), removal(4, 'a', 'back')]],
      deregistered: [[removal(12, 'a', 'back', 'deregistered')]],
    });
    expect((await search('back', stage)).matches).toMatchObject([{ revision: 12, cause: 'deregistered' }]);
  });

  it('finds an exact id in the whole history of a service whose name it begins with', async () => {
    const stage = registry({}, { 'orders/orders-7': [removal(2, 'orders', 'orders-7')] });
    const services = [
      { group: 'g', name: 'orders' },
      { group: 'g', name: 'cart' },
    ];
    expect(idsOf(await search('orders-7', stage, services))).toEqual(['orders/orders-7']);
    expect(stage.asked).not.toContain('cart/orders-7');
  });

  it('leaves out changes that removed nothing', async () => {
    const entry = removal(9, 'a', 'draining', 'drained');
    const [change] = entry.changes;
    if (change?.kind === 'instance') change.after = JSON.parse('{"id":"draining"}');
    expect(await search('draining', registry({ drained: [[entry]] }))).toMatchObject({ matches: [] });
  });
});
