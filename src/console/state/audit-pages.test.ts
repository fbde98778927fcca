import { describe, expect, it } from 'vitest';
import type { AuditAction, AuditEntry } from '../../client/wire/access-answers';
import { searchAudit, targetPath } from './audit-pages';

const entry = (id: number, part: Partial<AuditEntry> = {}): AuditEntry => ({
  id,
  at: new Date(id * 1_000).toISOString(),
  action: 'drained',
  actor: 'op',
  outcome: 'done',
  ...part,
});

/** Reads a trail of entries whose ids are the positions, newest first. */
const trail = (count: number, entryOf: (id: number) => AuditEntry) => {
  const limits: number[] = [];
  const readPage = async ({ after, limit }: { after: string | undefined; limit: number }) => {
    limits.push(limit);
    const newest = after === undefined ? count : Number(after) - 1;
    const oldest = Math.max(1, newest - limit + 1);
    const entries = Array.from({ length: newest - oldest + 1 }, (_, index) => entryOf(newest - index));
    return { entries, ...(oldest > 1 && { next: String(oldest) }) };
  };
  return { readPage, limits };
};

const nameOf = (id: string) => (id === 'op' ? 'operator' : id);

describe('a search of the audit trail', () => {
  it('reads one page without a filter', async () => {
    const { readPage, limits } = trail(250, (id) => entry(id));
    const first = await searchAudit(readPage, {}, nameOf);
    expect([first.entries.length, first.next, limits]).toEqual([100, '151', [100]]);
    const second = await searchAudit(readPage, {}, nameOf, first.next);
    expect(second.entries[0]?.id).toBe(150);
  });

  it('goes on until enough entries match, and leaves none out', async () => {
    const { readPage, limits } = trail(5_000, (id) => entry(id, { action: id % 40 === 0 ? 'rolled-back' : 'drained' }));
    const found = await searchAudit(readPage, { action: 'rolled-back' }, nameOf);
    expect([found.entries.length, found.next, limits.length]).toEqual([50, '3001', 2]);
    expect(found.searchedTo).toBe(entry(3_001).at);
  });

  it('pauses in a long trail without a match', async () => {
    const { readPage, limits } = trail(20_000, (id) => entry(id));
    const found = await searchAudit(readPage, { actor: 'no-such-token' }, nameOf);
    expect([found.entries, found.next, limits.length]).toEqual([[], '10001', 10]);
  });

  it('matches a token by a part of its name or id', async () => {
    const { readPage } = trail(3, (id) => entry(id, { actor: id === 2 ? 'root' : 'op' }));
    const ids = async (actor: string) => (await searchAudit(readPage, { actor }, nameOf)).entries.map(({ id }) => id);
    expect([await ids('operat'), await ids('op'), await ids('roo')]).toEqual([[3, 1], [3, 1], [2]]);
  });
});

it.each<[AuditAction, string | undefined, string | undefined]>([
  ['quarantined', 'eu@@orders/orders-1', '/production/services/eu/orders/instances/orders-1'],
  ['quarantined', 'eu@@a/b/c', undefined],
  ['quarantined', 'eu@@orders', undefined],
  ['service-changed', 'eu@@a/b', '/production/services/eu/a%2Fb'],
  ['service-deleted', 'eu@@orders', undefined],
  ['rolled-back', 'eu@@orders', '/production/services/eu/orders'],
  ['token-created', 'abc', '/access/tokens?q=abc'],
  ['token-revoked', 'abc', undefined],
  ['ticket-redeemed', 'abc', undefined],
  ['namespace-changed', undefined, '/production/settings'],
  ['namespace-deleted', undefined, undefined],
])('the page of the target of %s on %s is %s', (action, target, path) => {
  expect(targetPath(entry(1, { action, target, ns: 'production' }))).toBe(path);
});
