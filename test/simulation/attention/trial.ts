import { SeededRandom } from '../seeded-random';
import { VirtualTime } from '../virtual-time';
import { type Lateness, latenessOf } from './lateness';
import { SCENARIOS, type Scenario, type ScenarioName, type Setting } from './scenarios';
import type { HostKind, SubjectFactory } from './subject';
import { type HolderPlan, TrialHolder } from './trial-holder';
import { TrialHost } from './trial-host';

const SPREAD_MIN_MS = 1_000;
const SPREAD_PER_CLIENT_MS = 4;
const TTL_MIN_MS = 1_000;
const TTL_MAX_MS = 600_000;
/** Holders of each kind in a world: timely ones and dead ones for each fraction. */
const TIMELY = 2;
const DEAD = 2;

/** Shares of the ttl at which beat holders renew; sessions ping at most every third of theirs. */
export const FRACTIONS = ['1/3', '1/2', '9/10', 'ping'] as const;
export type Fraction = (typeof FRACTIONS)[number];
const SHARE: Record<Fraction, number> = { '1/3': 1 / 3, '1/2': 1 / 2, '9/10': 0.9, ping: 1 / 3 };

/** Name of a world. The same three values give the same world. */
export interface WorldName {
  scenario: ScenarioName;
  host: HostKind;
  seed: number;
}

/** Outcome of one holder. */
export interface Verdict {
  fraction: Fraction;
  ttlMs: number;
  /** True if it was timely and its lease was ended; must not happen. */
  wronged: boolean;
  /** Lateness of the registry in ending a dead holder; undefined for a timely one. */
  lateness: Lateness[] | undefined;
}

export interface WorldReport {
  world: WorldName;
  verdicts: Verdict[];
}

interface Placed {
  fraction: Fraction;
  plan: HolderPlan;
}

/** Runs one world and judges the outcome of its holders. */
export async function runWorld(world: WorldName, factory: SubjectFactory): Promise<WorldReport> {
  const scenario: Scenario = SCENARIOS[world.scenario];
  const random = new SeededRandom(world.seed);
  const time = new VirtualTime();
  const ttlOf = ttlChoice(scenario, random);
  const placed = holdersOf(scenario, random, ttlOf);
  const longestMs = Math.max(...placed.map(({ plan }) => plan.terms.ttlMs));
  const target = aimedAt(placed, random);
  const setting: Setting = { kind: world.host, random, ttlMs: longestMs, target };
  const blows = scenario.plan(setting);
  const lastBlowEnds = Math.max(2.5 * longestMs, ...blows.map(({ at, lengthMs }) => at + lengthMs));
  for (const { plan } of placed) if (plan.diesAt !== undefined) plan.diesAt = random.between(0, lastBlowEnds);
  const holders = new Map<string, TrialHolder>();
  // A large namespace spreads its clients over a longer time.
  const reconnectSpreadMs = Math.max(SPREAD_MIN_MS, SPREAD_PER_CLIENT_MS * (scenario.sessions ?? 0));
  const host = new TrialHost(time, random.fork(), factory, {
    kind: world.host,
    reconnectSpreadMs,
    alarmLoss: scenario.alarmLoss ?? 0,
    ended: (id, ending) => holders.get(id)?.ended(ending),
  });
  for (const { plan } of placed) holders.set(plan.terms.id, new TrialHolder(time, random.fork(), host, plan));
  for (const { at, strike } of blows) time.after(at, () => strike(host));
  if (random.chance(0.5)) readEvery(random.magnitude(1_000, 60_000), time, random.fork(), host);
  const end = lastBlowEnds + 4.2 * longestMs + 15_000;
  await time.runUntil(end);
  host.subject.close?.();
  const verdicts = placed.flatMap(({ fraction, plan }): Verdict[] => {
    const holder = holders.get(plan.terms.id);
    if (holder === undefined) return [];
    const { ttlMs } = plan.terms;
    if (plan.diesAt === undefined)
      return [{ fraction, ttlMs, wronged: holder.endings.length > 0, lateness: undefined }];
    if (holder.lastHeardAt === 0) return [];
    const spared = holder.endings.every(({ at }) => at > holder.lastHeardAt);
    const lateness = latenessOf(holder, { faults: host.faults, kind: world.host, spreadMs: reconnectSpreadMs, end });
    return [{ fraction, ttlMs, wronged: !spared, lateness }];
  });
  return { world, verdicts };
}

/** Chooses the ttls: one for all, or a mix. */
function ttlChoice(scenario: Scenario, random: SeededRandom): () => number {
  const { ttlMs } = scenario;
  if (ttlMs !== undefined) {
    const all = Math.round(ttlMs(random));
    return () => all;
  }
  const one = Math.round(random.magnitude(TTL_MIN_MS, TTL_MAX_MS));
  const mixed = random.chance(0.3);
  const most = random.magnitude(10_000, TTL_MAX_MS);
  return () => (mixed ? Math.round(random.magnitude(TTL_MIN_MS, most)) : one);
}

function holdersOf({ sessions: count, lone }: Scenario, random: SeededRandom, ttlOf: () => number): Placed[] {
  if (lone) return [holderPlan(random, ttlOf, '9/10', 0)];
  return count === undefined ? fleet(random, ttlOf) : sessions(random, ttlOf, count);
}

/** Creates beat holders at each fraction, and some sessions. */
function fleet(random: SeededRandom, ttlOf: () => number): Placed[] {
  const beatsOnly = random.chance(0.5);
  const sessionsOnly = !beatsOnly && random.chance(0.2);
  return FRACTIONS.flatMap((fraction) => {
    if (fraction === 'ping' ? beatsOnly : sessionsOnly) return [];
    return Array.from({ length: TIMELY + DEAD }, (_, index) => holderPlan(random, ttlOf, fraction, index));
  });
}

function sessions(random: SeededRandom, ttlOf: () => number, count: number): Placed[] {
  return Array.from({ length: count }, (_, index) => holderPlan(random, ttlOf, 'ping', index));
}

function holderPlan(random: SeededRandom, ttlOf: () => number, fraction: Fraction, index: number): Placed {
  const ttlMs = ttlOf();
  const anyRemoveAfterMs = random.pick([ttlMs, ttlMs, Math.round(ttlMs * random.between(1.1, 2)), null]);
  const kind = fraction === 'ping' ? ('session' as const) : ('beat' as const);
  // Instances that a session holds end with it.
  const removeAfterMs = kind === 'session' ? ttlMs : anyRemoveAfterMs;
  const terms = { id: `${fraction} ${index}`, kind, ttlMs, removeAfterMs };
  const startsAt = random.between(0, ttlMs);
  return { fraction, plan: { terms, fraction: SHARE[fraction], startsAt, diesAt: index % 4 < TIMELY ? undefined : 0 } };
}

/** Returns the holder that targeted faults aim at: mostly one with little time to spare. */
function aimedAt(placed: Placed[], random: SeededRandom): HolderPlan {
  const timely = placed.filter(({ plan }) => plan.diesAt === undefined);
  const late = timely.filter(({ fraction }) => fraction === '9/10');
  const [first, ...rest] = late.length > 0 && random.chance(0.8) ? late : timely;
  if (first === undefined) throw new Error('a world has timely holders');
  return random.pick([first, ...rest]).plan;
}

function readEvery(everyMs: number, time: VirtualTime, random: SeededRandom, host: TrialHost): void {
  const next = () => {
    void host.call((subject) => subject.read());
    time.after(random.between(0, 2 * everyMs), next);
  };
  next();
}
