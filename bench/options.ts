import { parseArgs } from 'node:util';
import { HOMES, type Home } from './program';

/** Options of one run of the bench. */
export interface BenchOptions {
  help: boolean;
  /** Name of the one figure to measure; all of them when absent. */
  only: string | undefined;
  /** Names of figures to leave out. */
  except: string[];
  /** Name of a figure to profile instead of measuring. */
  profile: string | undefined;
  /** Homes to measure in. */
  homes: readonly Home[];
  /** Number of rounds, in each of which a figure and its floor take turns. */
  rounds: number;
  /** Length of each half of a round, in seconds. */
  seconds: number;
}

/** Default number of rounds. Only a complete run with at least as many writes its results. */
export const ROUNDS = 9;
const QUICK_ROUNDS = 3;

export const USAGE = `usage: npm run bench -- [options]

Measures Rollcall in its homes and compares it with floors that run in the same rounds.
Writes bench/RESULTS.md and bench/results/latest.json after a run in ${ROUNDS} rounds or more, unless it is limited
to one figure or one home.

  --only <figure>     measure one figure and print it
  --except <figures>  leave out figures, a comma-separated list of names
  --home <homes>      measure only in these homes, a comma-separated list of ${HOMES.join(', ')} (default all)
  --profile <figure>  run one rate under V8's CPU profiler in the first home, and print where the time goes
  --rounds <n>        rounds of figure and floor (default ${ROUNDS})
  --seconds <s>       seconds of load in each half of a round (default 1)
  --quick             ${QUICK_ROUNDS} rounds: a smoke test, not for publication
  --help              show this help`;

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new RangeError(`--${name} must be a whole number of at least 1, not "${text}"`);
  return value;
}

function known(option: string, name: string | undefined, names: readonly string[]): string | undefined {
  if (name === undefined || names.includes(name)) return name;
  throw new RangeError(`--${option}: unknown name "${name}"; known are ${names.join(', ')}`);
}

/**
 * Parses a comma-separated list of homes. Default: all homes.
 *
 * @throws {RangeError} for an unknown name, which it quotes.
 */
export function parseHomes(text: string | undefined): readonly Home[] {
  if (text === undefined) return HOMES;
  const wanted = text.split(',');
  for (const name of wanted) known('home', name, HOMES);
  return HOMES.filter((home) => wanted.includes(home));
}

/**
 * Parses the command line.
 *
 * @param names Valid names for `--only` and for `--profile`.
 * @throws {Error} for an invalid option or value, which it quotes.
 */
export function parseOptions(args: string[], names: { figures: string[]; contests: string[] }): BenchOptions {
  const { values } = parseArgs({
    args,
    options: {
      help: { type: 'boolean', default: false },
      only: { type: 'string' },
      except: { type: 'string' },
      profile: { type: 'string' },
      home: { type: 'string' },
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
    },
  });
  const { help, quick } = values;
  return {
    help,
    only: known('only', values.only, names.figures),
    except: (values.except?.split(',') ?? []).filter((name) => known('except', name, names.figures) !== undefined),
    profile: known('profile', values.profile, names.contests),
    homes: parseHomes(values.home),
    rounds: values.rounds === undefined ? (quick ? QUICK_ROUNDS : ROUNDS) : positive('rounds', values.rounds),
    seconds: values.seconds === undefined ? 1 : positive('seconds', values.seconds),
  };
}
