import { type Contest, comparedTurns, RegistrySide, type Turn } from './contest';
import type { Bench, Figure, Finding } from './figure';

/** A dialect's call and the native call for the same work. Each has a separate registry. */
export interface DialectContest {
  native: Contest;
  dialect: Contest;
  /** True if the answer grows with the namespace, so that the goal for small calls does not apply. */
  isLarge?: boolean;
}

/** Goal of a dialect's small calls, relative to the native ones. */
const GOAL = { of: 'ratio', atLeast: 0.85 } as const;

/** Runs the turns of both sides, one of each in every round. */
async function play(bench: Bench, { native, dialect }: DialectContest): Promise<{ turns: Turn[]; floors: Turn[] }> {
  const turns: Turn[] = [];
  const floors: Turn[] = [];
  let sides: readonly [native: RegistrySide, dialect: RegistrySide] | undefined;
  for (let round = 0; round < bench.rounds; round++) {
    sides ??= [await RegistrySide.start(bench, native), await RegistrySide.start(bench, dialect)];
    const [floor, side] = sides;
    // Alternate, so that neither side is always first.
    if (round % 2 === 0) floors.push(await floor.side.run());
    turns.push(await side.side.run());
    if (round % 2 === 1) floors.push(await floor.side.run());
    bench.log(
      `${dialect.name} ${round + 1}/${bench.rounds}: ${turns.at(-1)?.perSecond.toFixed(0)}, native ${floors.at(-1)?.perSecond.toFixed(0)}`,
    );
    if (native.fresh || dialect.fresh || round === bench.rounds - 1) {
      for (const each of sides) await each.finish();
      sides = undefined;
    }
  }
  return { turns, floors };
}

/** Returns the figure of a dialect, with one line for each of its calls. */
export function dialectFigure(name: string, contests: readonly DialectContest[]): Figure {
  const measure = async (bench: Bench): Promise<Finding[]> => {
    const findings: Finding[] = [];
    for (const contest of contests) {
      const { turns, floors } = await play(bench, contest);
      const { title, note } = contest.dialect;
      findings.push({
        ...comparedTurns({ figure: name, title, unit: 'requests/s' }, turns, { name: 'native', turns: floors }),
        ...(contest.isLarge ? {} : { goal: GOAL }),
        ...(note === undefined ? {} : { note }),
      });
    }
    return findings;
  };
  return { name, measure };
}
