import type { Lateness } from './lateness';
import { SCENARIOS, type Scenario, type ScenarioName } from './scenarios';
import type { HostKind } from './subject';
import { FRACTIONS, type Fraction, type WorldReport } from './trial';

const SHOWN_SEEDS = 4;

/** Outcome of the holders of one fraction in all worlds of one scenario on one host. */
interface Row {
  scenario: ScenarioName;
  host: HostKind;
  fraction: Fraction;
  worlds: number;
  timely: number;
  wronged: number;
  /** Worlds in which a timely holder was ended. */
  wrongedSeeds: Set<number>;
  dead: number;
  lateness: Lateness[];
  overdueSeeds: Set<number>;
}

/** Adds up the reports of many worlds. */
export class TrialReport {
  readonly #rows = new Map<string, Row>();

  add({ world: { scenario, host, seed }, verdicts }: WorldReport): void {
    for (const fraction of FRACTIONS) {
      const ofFraction = verdicts.filter((verdict) => verdict.fraction === fraction);
      if (ofFraction.length === 0) continue;
      const row = this.#row(scenario, host, fraction);
      row.worlds += 1;
      for (const { wronged, lateness } of ofFraction) {
        if (lateness === undefined) row.timely += 1;
        else row.dead += 1;
        if (wronged) {
          row.wronged += 1;
          row.wrongedSeeds.add(seed);
        }
        row.lateness.push(...(lateness ?? []));
        if (lateness?.some(({ overdue }) => overdue)) row.overdueSeeds.add(seed);
      }
    }
  }

  /** Returns one line for each broken promise that is not reported separately: the scenario, the host and its seeds. */
  problems(): string[] {
    return [...this.#rows.values()].flatMap(({ scenario, host, fraction, wronged, wrongedSeeds, overdueSeeds }) => {
      const { apart, apartLate }: Scenario = SCENARIOS[scenario];
      const where = `${scenario}, ${host}, ${fraction}`;
      const problems: string[] = [];
      if (wronged > 0 && apart === undefined) {
        problems.push(`${where}: ended ${wronged} holders that renewed in time, seeds ${seedList(wrongedSeeds)}`);
      }
      if (overdueSeeds.size > 0 && apart === undefined && !(apartLate !== undefined && host === 'cloudflare')) {
        problems.push(`${where}: kept dead holders beyond the bounds, seeds ${seedList(overdueSeeds)}`);
      }
      return problems;
    });
  }

  /** Returns the Markdown table. Lateness is in milliseconds: minimum / median / p99 / maximum. */
  markdown(): string {
    const lines = [
      '| scenario | host | renews at | worlds | timely | ended | dead | late without a gap | late after a gap | overdue |',
      '|---|---|---|--:|--:|--:|--:|---|---|--:|',
    ];
    for (const row of this.#rows.values()) {
      const { scenario, host, fraction, worlds, timely, wronged, wrongedSeeds, dead, lateness } = row;
      const settled = (afterGap: boolean) => spread(lateness.filter((one) => one.afterGap === afterGap));
      const overdue = lateness.filter((one) => one.overdue).length;
      const ended = wronged === 0 ? '0' : `**${wronged}** (${seedList(wrongedSeeds)})`;
      const late = overdue === 0 ? '0' : `**${overdue}** (${seedList(row.overdueSeeds)})`;
      const cells = [scenario, host, fraction, worlds, timely, ended, dead, settled(false), settled(true), late];
      lines.push(`| ${cells.join(' | ')} |`);
    }
    return lines.join('\n');
  }

  #row(scenario: ScenarioName, host: HostKind, fraction: Fraction): Row {
    const key = `${scenario}|${host}|${fraction}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const counts = { worlds: 0, timely: 0, wronged: 0, dead: 0 };
    const seeds = { wrongedSeeds: new Set<number>(), overdueSeeds: new Set<number>() };
    const row: Row = { scenario, host, fraction, ...counts, ...seeds, lateness: [] };
    this.#rows.set(key, row);
    return row;
  }
}

function seedList(seeds: ReadonlySet<number>): string {
  const shown = [...seeds].slice(0, SHOWN_SEEDS).join(', ');
  return seeds.size > SHOWN_SEEDS ? `${shown} and ${seeds.size - SHOWN_SEEDS} more` : shown;
}

function spread(lateness: readonly Lateness[]): string {
  const sorted = lateness.map(({ lateMs }) => lateMs).sort((a, b) => a - b);
  if (sorted.length === 0) return '';
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return [at(0), at(0.5), at(0.99), at(1)].map((ms) => (Number.isFinite(ms) ? Math.round(ms) : 'never')).join(' / ');
}
