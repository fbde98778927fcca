import { type Contest, comparedTurns, RegistrySide, type Turn } from './contest';
import type { Bench, Figure, Finding } from './figure';

/** A call, and another one for comparable work. Each has a separate registry. */
export interface PairedContest {
  contest: Contest;
  floor: Contest;
  /** True if the answer grows with the namespace, so that the goal for small calls does not apply. */
  isLarge?: boolean;
}

/** How the calls of a figure are compared. */
export interface Comparison {
  /** Name of the other calls in the report. */
  against: string;
  /** Least ratio to the other call. */
  atLeast: number;
}

/** Comparison of a dialect's calls with the native ones for the same work. */
export const NATIVE: Comparison = { against: 'native', atLeast: 0.85 };

/** Runs the turns of both sides, one of each in every round. */
async function play(
  bench: Bench,
  { contest, floor }: PairedContest,
  against: string,
): Promise<{ turns: Turn[]; floors: Turn[] }> {
  const turns: Turn[] = [];
  const floors: Turn[] = [];
  let sides: readonly [floor: RegistrySide, side: RegistrySide] | undefined;
  for (let round = 0; round < bench.rounds; round++) {
    sides ??= [await RegistrySide.start(bench, floor), await RegistrySide.start(bench, contest)];
    const [other, own] = sides;
    // Alternate, so that neither side is always first.
    if (round % 2 === 0) floors.push(await other.side.run());
    turns.push(await own.side.run());
    if (round % 2 === 1) floors.push(await other.side.run());
    bench.log(
      `${contest.name} ${round + 1}/${bench.rounds}: ${turns.at(-1)?.perSecond.toFixed(0)}; ${against} ${floors.at(-1)?.perSecond.toFixed(0)}`,
    );
    if (floor.fresh || contest.fresh || round === bench.rounds - 1) {
      for (const each of sides) await each.finish();
      sides = undefined;
    }
  }
  return { turns, floors };
}

/** Returns the figure of several calls, with one line for each. */
export function pairedFigure(
  name: string,
  contests: readonly PairedContest[],
  { against, atLeast }: Comparison,
): Figure {
  const measure = async (bench: Bench): Promise<Finding[]> => {
    const findings: Finding[] = [];
    for (const pair of contests) {
      const { turns, floors } = await play(bench, pair, against);
      const { title, note } = pair.contest;
      findings.push({
        ...comparedTurns({ figure: name, title, unit: 'requests/s' }, turns, { name: against, turns: floors }),
        ...(pair.isLarge ? {} : { goal: { of: 'ratio', atLeast } }),
        ...(note === undefined ? {} : { note }),
      });
    }
    return findings;
  };
  return { name, measure };
}
