import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { eureka } from '../../src/dialects/eureka/eureka';
import { goMicro } from '../../src/dialects/go-micro/go-micro';
import { nacos } from '../../src/dialects/nacos/nacos';
import { type App, createApp } from '../../src/http/app';
import type { DirectoryApi } from '../../src/model/directory-api';
import { recordedClient } from '../fixtures/recorded-client';
import { DialectRequests } from './dialect-requests';
import { Target } from './exchange';
import { NativeRequests } from './fuzz-request';
import { type Finding, type FuzzCounts, FuzzSession, type Planned } from './fuzz-session';
import { hostileRegistrations } from './hostile-names';
import { mostly } from './odds';
import { tenantFaults } from './tenants';

/** Average number of requests that are sent at the same time, between two checks of the writes. */
const WINDOW_COUNT = 32;
/** Share of requests to the doors of dialects. */
const DIALECT_SHARE = 0.4;
/** Share of requests that register under hostile names, and share of these with tokens of few rights. */
const HOSTILE_SHARE = 0.12;
const LIMITED_SHARE = 0.8;
/** Number of requests after all others, with tokens that use up the namespaces of tenants. */
const TENANT_REQUESTS = 600;
/** Number of windows that are tried after a violation to find a smaller one. */
const SHRINKS_MAX_COUNT = 300;
const LOG_EVERY_COUNT = 3_200;

/** A registry under test. */
interface Registry {
  url: string;
  rootToken: string;
  stop(): Promise<unknown>;
}

/** Options of a run. */
export interface FuzzOptions {
  /** Starts an empty registry. */
  start: () => Promise<Registry>;
  requests: number;
  seed: number;
  /** Path of a single window, as an earlier run with the same seed has printed it; it is sent to an empty registry. */
  path?: string;
  /** True to look for the smallest window with a violation. */
  shrinks?: boolean;
  /** Path of docs/openapi.json. */
  document: string;
  /** Receives occasional log lines. */
  log?: (line: string) => void;
}

/** Result of a run. Without a defect there are no violations. */
export interface FuzzReport extends FuzzCounts {
  violations: string[];
  /** Requests of the window with the violations, as commands with their outcomes; empty if there are none. */
  lastWindow: string[];
  /** Path of this window if it shows a violation on an empty registry; undefined if it needs the requests before it. */
  path: string | undefined;
}

/**
 * Sends requests to a registry, and checks each response, and that refused requests write nothing. After a violation,
 * looks for the smallest window of requests that shows one on an empty registry.
 */
export async function fuzzRun(options: FuzzOptions): Promise<FuzzReport> {
  const { routes, dialectRoutes } = routed();
  // `as`: the document is generated, and its own tests check it.
  const document = JSON.parse(readFileSync(options.document, 'utf8')) as ConstructorParameters<
    typeof NativeRequests
  >[0];
  const native = new NativeRequests(document);
  const dialects = new DialectRequests(dialectRoutes);
  const cards = new Map(routes.map((card) => [card.operation, card]));
  const run = new FuzzRun(options, (target) => FuzzSession.begin(target, cards));
  const report = await run.work(windowsOf(native, dialects));
  for (const operation of [...native.operationIds, ...dialects.operationIds])
    report.byOperation[operation] ??= { accepted: 0, refused: 0, open: 0 };
  return report;
}

/** Generates the requests that are sent at the same time. */
function windowsOf(native: NativeRequests, dialects: DialectRequests): fc.Arbitrary<Planned[]> {
  // Half of the requests have sufficient rights: those refused at the door test little of the code behind it.
  const sender = mostly(0.4, fc.constant(0), fc.nat(1_000));
  const usual = fc.record({
    asked: mostly(1 - DIALECT_SHARE, native.requests, dialects.requests),
    isLimited: fc.constant(false),
    sender,
  });
  const hostile = mostly(
    LIMITED_SHARE,
    fc.record({ asked: hostileRegistrations, isLimited: fc.constant(true), sender: fc.nat(1_000) }),
    fc.record({ asked: hostileRegistrations, isLimited: fc.constant(false), sender }),
  );
  const requests = mostly(1 - HOSTILE_SHARE, usual, hostile);
  return fc.noBias(fc.array(requests, { minLength: 1, maxLength: 2 * WINDOW_COUNT, size: 'max' }));
}

class FuzzRun {
  readonly #options: FuzzOptions;
  readonly #begin: (target: Target) => Promise<FuzzSession>;
  #finding: Finding = { violations: [], window: [] };
  #shrinks = 0;

  constructor(options: FuzzOptions, begin: (target: Target) => Promise<FuzzSession>) {
    this.#options = options;
    this.#begin = begin;
  }

  async work(windows: fc.Arbitrary<Planned[]>): Promise<FuzzReport> {
    const { seed, path, requests } = this.#options;
    const trial = await this.#open();
    try {
      const holds = path === undefined ? this.#holds : this.#holdsAlone;
      const property = fc.asyncProperty(windows, (window) => holds.call(this, trial.session, window));
      const numRuns = path === undefined ? Math.ceil(requests / WINDOW_COUNT) : 1;
      const details = await fc.check(property, {
        seed,
        endOnFailure: true,
        numRuns,
        ...(path !== undefined && { path }),
      });
      if (details.failed && this.#finding.violations.length === 0) throw details.errorInstance;
      if (!details.failed && path === undefined)
        this.#finding.violations.push(...(await tenantFaults(trial.target, seed, TENANT_REQUESTS)));
      const found = details.failed ? (path ?? (await this.#smallest(windows, details.counterexamplePath))) : undefined;
      const { violations, window } = this.#finding;
      return { ...trial.session.counts, violations, lastWindow: window, path: found };
    } finally {
      await trial.close();
    }
  }

  async #holds(session: FuzzSession, window: readonly Planned[]): Promise<boolean> {
    const finding = await session.check(window);
    const { requests } = session.counts;
    if (Math.floor(requests / LOG_EVERY_COUNT) > Math.floor((requests - window.length) / LOG_EVERY_COUNT))
      this.#options.log?.(`${requests} requests, ${finding.violations.length} violations`);
    return this.#noted(finding);
  }

  async #holdsAlone(session: FuzzSession, window: readonly Planned[]): Promise<boolean> {
    return this.#noted(await session.check(window, true));
  }

  #noted(finding: Finding): boolean {
    if (finding.violations.length > 0) this.#finding = finding;
    return finding.violations.length === 0;
  }

  /**
   * Looks for the smallest window that shows a violation in a registry of its own.
   *
   * @param failed Path of the window with the violation.
   * @returns Its path if an empty registry shows the violation, too; undefined if it needs earlier requests.
   */
  async #smallest(windows: fc.Arbitrary<Planned[]>, failed: string | null): Promise<string | undefined> {
    const { seed, shrinks = false, log } = this.#options;
    if (!shrinks || failed === null) return undefined;
    let trial = await this.#open();
    try {
      const property = fc.asyncProperty(windows, async (window) => {
        if (this.#shrinks === SHRINKS_MAX_COUNT) return true;
        this.#shrinks += 1;
        const finding = await trial.session.check(window, true);
        if (this.#noted(finding)) return true;
        log?.(`${window.length} requests show it`);
        // Some violations stay, such as a list that is unreadable: the next window needs another registry.
        const { violations } = await trial.session.check([], true);
        if (violations.length > 0) {
          await trial.close();
          trial = await this.#open();
        }
        return false;
      });
      const {
        failed: isFound,
        counterexample,
        counterexamplePath,
      } = await fc.check(property, {
        seed,
        path: failed,
        numRuns: 1,
      });
      if (!isFound || counterexample === null) return undefined;
      await trial.close();
      trial = await this.#open();
      const [window] = counterexample;
      const isShown = !(await this.#holdsAlone(trial.session, window));
      return isShown ? (counterexamplePath ?? undefined) : undefined;
    } finally {
      await trial.close();
    }
  }

  /** Starts an empty registry. */
  async #open(): Promise<{ target: Target; session: FuzzSession; close: () => Promise<void> }> {
    const registry = await this.#options.start();
    const target = new Target(registry.url, registry.rootToken);
    const close = async (): Promise<void> => {
      target.close();
      await registry.stop();
    };
    try {
      return { target, session: await this.#begin(target), close };
    } catch (error) {
      await close();
      throw error;
    }
  }
}

/** Creates an app to read its routes. */
function routed(): App {
  return createApp({
    namespaceOf: () => undefined,
    directory: {} as DirectoryApi, // `as`: nothing is called, only inspected
    askDirectory: (question) => question(),
    dialects: [goMicro, nacos, eureka],
    openPipe: () => new TransformStream(),
    acceptSocket: recordedClient([]),
    rootToken: undefined,
    writeLog: () => {},
    build: { version: '', commit: '' },
    now: Date.now,
  });
}

/** Formats a report in a few lines, with the command that repeats a run with violations. */
export function summary(
  { requests, byStatus, byOperation, lists, unread, violations, lastWindow, path }: FuzzReport,
  seed: number,
  host: string,
): string {
  const never = (what: 'accepted' | 'refused') =>
    Object.entries(byOperation)
      .filter(([, counts]) => counts[what] === 0)
      .map(([operation]) => operation)
      .join(' ');
  const command = `npm run fuzz -- --host ${host} --seed ${seed}`;
  const repeated = path === undefined ? 'the run' : `the ${lastWindow.length} requests that show it`;
  return [
    `seed ${seed}: ${requests} requests, ${violations.length} violations, ${lists} lists read, ${unread} pieces of the past unread`,
    `by status: ${JSON.stringify(byStatus)}`,
    `never accepted: ${never('accepted') || 'none'}; never refused: ${never('refused') || 'none'}`,
    ...(violations.length === 0
      ? []
      : [`to repeat ${repeated}: ${path === undefined ? command : `${command} --path ${path}`}`]),
  ].join('\n');
}
