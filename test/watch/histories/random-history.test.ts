import { describe, expect, it } from 'vitest';
import { type HistoryReport, randomHistory } from './random-history';

/** `npm run validate -- --histories 1000` makes more of them. These have all kinds of frames, also those of large leases. */
const SEEDS = [11, 13, 15, 24, 29, 32, 33, 34, 36, 37];

describe('a random history of watchers', () => {
  const reports: HistoryReport[] = [];

  it.each(SEEDS)(
    '[I5, W1, W2, W3, W4, W5, W6, W7, W8, W9, W10, W14, KV11, TX2, GL2] keeps every guarantee, history %i',
    async (seed) => {
      const report = await randomHistory(seed);
      reports.push(report);
      const { problems, trace } = report;
      const found = problems.map(({ guarantee, what }) => `PROBLEM ${guarantee}: ${what}`).join('\n');
      expect(problems, `${trace}\n${found}\nreplay with: npm run validate -- --seed ${seed} --histories 1`).toEqual([]);
    },
  );

  it('covers every kind of frame and fault', () => {
    const sum = (of: (report: HistoryReport) => number | undefined) =>
      reports.reduce((total, report) => total + (of(report) ?? 0), 0);
    expect(sum(({ revisions }) => revisions)).toBeGreaterThan(1_500);
    expect(sum(({ counts }) => counts.crashes)).toBeGreaterThan(25);
    expect(sum(({ counts }) => counts.hibernations)).toBeGreaterThan(40);
    expect(sum(({ links }) => links)).toBeGreaterThan(500);
    expect(sum(({ frames }) => frames.changes)).toBeGreaterThan(5_000);
    expect(sum(({ frames }) => frames['part of changes'])).toBeGreaterThan(50);
    expect(sum(({ frames }) => frames['part of snapshot'])).toBeGreaterThan(40);
    expect(sum(({ entries }) => entries)).toBeGreaterThan(2_000);
    expect(sum(({ frames }) => frames.bookmark)).toBeGreaterThan(500);
    expect(sum(({ frames }) => frames.reset)).toBeGreaterThan(25);
    // Receivers here grant what they read. One of them may still be closed as too slow if a group of commits exceeds its
    // credit and the backlog before it could read any; the hub's own tests and the proofs cover that.
    expect(sum(({ closings }) => closings['4008'])).toBeLessThan(3);
  });

  it('is the same for the same seed', async () => {
    const first = await randomHistory(3);
    expect(await randomHistory(3)).toEqual(first);
    expect(await randomHistory(4)).not.toEqual(first);
  });
});
