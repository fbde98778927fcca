import type { Home, Programs } from './program';
import type { Spread } from './statistics';
import type { Workspace } from './workspace';

/** Goal of a figure's median. */
export interface Goal {
  /** The ratio to the floor, or the value itself. */
  of: 'ratio' | 'value';
  atLeast?: number;
  atMost?: number;
}

/** Result of one measurement: one line of the report. */
export interface Finding {
  /** Name of the figure it belongs to. */
  figure: string;
  title: string;
  unit: string;
  value: Spread;
  floor?: { name: string; value: Spread; processorUs?: Spread };
  /** Ratio of the value to the floor, round by round. */
  ratio?: Spread;
  /** Processor time of the server for each call, in microseconds. */
  processorUs?: Spread;
  goal?: Goal;
  note?: string;
}

/** Programs and settings for measuring a figure. */
export interface Bench {
  workspace: Workspace;
  /** The measured programs, built for one home. */
  programs: Programs;
  /** Number of rounds, in each of which a figure and its floor take turns. */
  rounds: number;
  /** Length of each half of a round, in seconds. */
  seconds: number;
  /** Prints progress. */
  log: (line: string) => void;
}

/** A measurement of the bench, with its name on the command line. */
export interface Figure {
  name: string;
  /** Homes in which the figure is measured. Default: the resident host on Deno, and workerd. */
  homes?: readonly Home[];
  measure(bench: Bench): Promise<Finding[]>;
}

/** Default homes of a figure. */
export const USUAL_HOMES: readonly Home[] = ['deno', 'workerd'];

/** Returns whether a finding meets its goal; undefined if it has none. */
export function reached({ goal, value, ratio }: Finding): boolean | undefined {
  if (goal === undefined) return undefined;
  const measured = goal.of === 'value' ? value.median : ratio?.median;
  if (measured === undefined) throw new Error('a goal for a ratio needs a ratio');
  return (
    measured >= (goal.atLeast ?? Number.NEGATIVE_INFINITY) && measured <= (goal.atMost ?? Number.POSITIVE_INFINITY)
  );
}
