import { readFileSync } from 'node:fs';
import { eureka } from '../../src/dialects/eureka/eureka';
import { goMicro } from '../../src/dialects/go-micro/go-micro';
import { nacos } from '../../src/dialects/nacos/nacos';
import { type App, createApp } from '../../src/http/app';
import type { DirectoryApi } from '../../src/model/directory-api';
import { recordedClient } from '../fixtures/recorded-client';
import { SeededRandom } from '../simulation/seeded-random';
import { Accounts, NAMESPACES, type Written } from './accounts';
import { answerFaults } from './answer-faults';
import { DialectRequestMaker } from './dialect-requests';
import { curlLine, isAnswer, type Outcome, Target } from './exchange';
import { type FuzzRequest, RequestMaker, type Seen } from './fuzz-request';
import { Hijacks } from './hijacks';
import { HostileNames, type LimitedSender, makeLimitedSenders } from './hostile-names';
import { makeSenders, type Sender } from './principals';
import { LISTS, unreadable } from './strict-readers';
import { tenantFaults } from './tenants';

/** Number of requests between two checks of the writes. */
const WINDOW_COUNT = 32;
/**
 * Number of windows after which limits and namespaces are reset: a sender that may set limits sets some that refuse
 * everything.
 */
const RESET_EVERY_WINDOWS = 4;
/** Number of windows after which strict readers read all lists. */
const READ_EVERY_WINDOWS = 4;
/** Time after which an abandoned request has no further effect: a drain alone waits half a minute. */
const LATE_MS = 40_000;
const SEEN_MAX_COUNT = 50;
/** Share of requests to the doors of dialects. */
const DIALECT_SHARE = 0.4;
/** Share of requests that register under hostile names, and share of these with tokens of few rights. */
const HOSTILE_SHARE = 0.12;
const LIMITED_SHARE = 0.8;

/** Number of requests after all others, with tokens that use up the namespaces of tenants. */
const TENANT_REQUESTS = 600;

/** Options of a run. */
export interface FuzzOptions {
  url: string;
  rootToken: string;
  requests: number;
  seed: number;
  /** Path of docs/openapi.json. */
  document: string;
  /** Receives occasional log lines. */
  log?: (line: string) => void;
}

/** Result of a run. Without a defect there are no violations. */
export interface FuzzReport {
  violations: string[];
  /** Requests of the window with the violations, as commands with their outcomes; empty if there are none. */
  lastWindow: string[];
  requests: number;
  /** Numbers of accepted, refused and still open requests, by operation. */
  byOperation: Record<string, { accepted: number; refused: number; open: number }>;
  byStatus: Record<string, number>;
  /** Number of lists that strict readers have read. */
  lists: number;
  /** Parts of the history that were compacted before they were compared. */
  unread: number;
}

interface Sent {
  asked: FuzzRequest;
  sender: Sender;
  outcome: Outcome;
}

/** Sends requests to a registry, and checks each response, and that refused requests write nothing. */
export async function fuzzRun(options: FuzzOptions): Promise<FuzzReport> {
  const run = new FuzzRun(options, new Target(options.url, options.rootToken));
  return run.work();
}

class FuzzRun {
  readonly #options: FuzzOptions;
  readonly #target: Target;
  readonly #random: SeededRandom;
  readonly #maker: RequestMaker;
  readonly #dialectMaker: DialectRequestMaker;
  readonly #hostileNames: HostileNames;
  readonly #accounts: Accounts;
  readonly #seen: Seen = { cursors: [], tokenIds: [] };
  readonly #cards = new Map(routed().routes.map((card) => [card.operation, card]));
  readonly #report: FuzzReport = {
    violations: [],
    lastWindow: [],
    requests: 0,
    byOperation: {},
    byStatus: {},
    lists: 0,
    unread: 0,
  };
  #senders: [Sender, ...Sender[]] | undefined;
  #limited: [LimitedSender, ...LimitedSender[]] | undefined;
  #secrets: string[] = [];
  /** Actors of abandoned requests that may still have an effect, and the time until which they may, in milliseconds. */
  #late: { actor: string; until: number }[] = [];

  constructor(options: FuzzOptions, target: Target) {
    this.#options = options;
    this.#target = target;
    this.#random = new SeededRandom(options.seed);
    // `as`: the document is generated, and its own tests check it.
    const document = JSON.parse(readFileSync(options.document, 'utf8')) as ConstructorParameters<
      typeof RequestMaker
    >[0];
    this.#maker = new RequestMaker(document, this.#random.fork(), this.#seen);
    this.#dialectMaker = new DialectRequestMaker(routed().dialectRoutes, this.#random.fork());
    this.#hostileNames = new HostileNames(this.#random.fork());
    this.#accounts = new Accounts(target);
    for (const operation of [...this.#maker.operationIds, ...this.#dialectMaker.operationIds]) {
      this.#report.byOperation[operation] = { accepted: 0, refused: 0, open: 0 };
    }
  }

  async work(): Promise<FuzzReport> {
    const { requests, log = () => {} } = this.#options;
    const [root, ...others] = await makeSenders(this.#target);
    if (root === undefined) throw new Error('there is nobody to send anything');
    this.#senders = [root, ...others];
    this.#limited = await makeLimitedSenders(this.#target);
    const hijacks = new Hijacks(this.#target, this.#limited);
    this.#secrets = [...this.#senders, ...this.#limited]
      .filter(({ secret }) => secret !== '')
      .map(({ secret }) => secret.slice(-24));
    const { violations } = this.#report;
    try {
      for (let window = 0; this.#report.requests < requests && violations.length === 0; window += 1) {
        if (window % RESET_EVERY_WINDOWS === 0) await this.#reset();
        const sent = await this.#sendWindow();
        for (const one of sent) this.#check(one);
        if (window % READ_EVERY_WINDOWS === 0) await this.#readLists();
        const written = await this.#accounts.read();
        const allowed = this.#allowed(sent);
        if (unexplained(written, allowed).length > 0) {
          const left = unexplained(await this.#accounts.settled(written), allowed);
          if (left.length > 0) await this.#blame(left, sent);
        }
        for (const hijack of await hijacks.look()) this.#violate(hijack);
        if (violations.length > 0) this.#report.lastWindow = sent.map((one) => this.#line(one));
        if (window % 100 === 99) log(`${this.#report.requests} requests, ${violations.length} violations`);
      }
      if (violations.length === 0)
        violations.push(...(await tenantFaults(this.#target, this.#random, TENANT_REQUESTS)));
    } finally {
      this.#target.close();
    }
    this.#report.unread = this.#accounts.lost;
    return this.#report;
  }

  /** Resets limits that refuse everything and removed namespaces, which would make the rest of a run useless. */
  async #reset(): Promise<void> {
    await this.#target.must('POST', '/api/v1/ns', { id: 'fuzz' }).catch(() => undefined); // it exists, with other settings
    for (const namespace of NAMESPACES) {
      await this.#target.must('PATCH', `/api/v1/ns/${namespace}`, { limits: null, retention: null });
    }
    // A token that may be rotated and revoked.
    const body = { name: 'sacrifice', grants: [{ scope: 'read', ns: 'public' }] };
    this.#seen.tokenIds.push((await this.#target.must<{ id: string }>('POST', '/api/v1/tokens', body)).id);
    await this.#accounts.read();
  }

  /** Checks that everything accepted through any door is readable at every other. */
  async #readLists(): Promise<void> {
    for (const [path, accept] of LISTS) {
      const outcome = await this.#target.read(path, accept);
      if (!isAnswer(outcome)) {
        this.#violate(`GET ${path}: ${JSON.stringify(outcome)}`);
        continue;
      }
      // Its namespace or service may be deleted, and a namespace may exceed its rate.
      if (outcome.status < 400) this.#report.lists += 1;
      for (const fault of unreadable(outcome)) {
        this.#violate(`${fault}\n  GET ${path} as ${accept}\n  ${outcome.status} ${outcome.body.slice(0, 2_000)}`);
      }
    }
  }

  async #sendWindow(): Promise<Sent[]> {
    const [senders, limited] = [this.#senders, this.#limited];
    if (senders === undefined || limited === undefined) throw new Error('the run has not begun');
    // Half of the requests have sufficient rights: those refused at the door test little of the code behind it.
    const anySender = () => (this.#random.chance(0.4) ? senders[0] : this.#random.pick(senders));
    const window = Array.from({ length: WINDOW_COUNT }, () => {
      if (this.#random.chance(HOSTILE_SHARE)) {
        const sender = this.#random.chance(LIMITED_SHARE) ? this.#random.pick(limited) : anySender();
        return { asked: this.#hostileNames.next(), sender };
      }
      return {
        asked: (this.#random.chance(DIALECT_SHARE) ? this.#dialectMaker : this.#maker).next(),
        sender: anySender(),
      };
    });
    return Promise.all(
      window.map(async ({ asked, sender }) => ({ asked, sender, outcome: await this.#target.send(asked, sender) })),
    );
  }

  #check({ asked, sender, outcome }: Sent): void {
    this.#report.requests += 1;
    const counts = this.#report.byOperation[asked.operation];
    if (outcome === 'open') {
      if (counts !== undefined) counts.open += 1;
      return;
    }
    if (!isAnswer(outcome)) {
      this.#violate(`${outcome.failure}\n  ${curlLine(this.#target.url, asked, sender)}`);
      return;
    }
    this.#report.byStatus[outcome.status] = (this.#report.byStatus[outcome.status] ?? 0) + 1;
    if (counts !== undefined) counts[outcome.status < 400 ? 'accepted' : 'refused'] += 1;
    for (const fault of answerFaults(asked, outcome, this.#cards, this.#secrets)) {
      const shown = `${outcome.status} ${outcome.body.slice(0, 500)}`;
      this.#violate(`${fault}\n  ${curlLine(this.#target.url, asked, sender)}\n  ${shown}`);
    }
    this.#remember(outcome.body, outcome.headers['rollcall-cursor']);
  }

  #remember(body: string, cursor: string | string[] | undefined): void {
    if (typeof cursor === 'string') this.#seen.cursors.push(cursor);
    const [, tokenId] = /^\{"id":"([\w-]+)","token":/.exec(body) ?? /"id":"([\w-]+)","token":"rc_/.exec(body) ?? [];
    if (tokenId !== undefined) this.#seen.tokenIds.push(tokenId);
    for (const list of [this.#seen.cursors, this.#seen.tokenIds]) if (list.length > SEEN_MAX_COUNT) list.shift();
  }

  /** Returns the number of changes of each actor that were accepted, or may have been made by an abandoned request. */
  #allowed(sent: readonly Sent[]): Map<string, number> {
    const now = Date.now();
    this.#late = this.#late.filter(({ until }) => until > now);
    const allowed = new Map<string, number>();
    const allow = (actor: string): void => void allowed.set(actor, (allowed.get(actor) ?? 0) + 1);
    for (const { actor } of this.#late) allow(actor);
    for (const { asked, sender, outcome } of sent) {
      const actor = tokenIdAt(sender, asked);
      if (actor === undefined || asked.method === 'GET' || asked.method === 'HEAD') continue;
      if (isAnswer(outcome) && outcome.status >= 400) continue;
      allow(actor);
      // A read through a dialect that root sends at the same time creates the deleted namespace again.
      if (asked.operation === 'removeNamespace') allow(actor);
      if (isAnswer(outcome)) continue;
      // A waiting drain writes once more at the end of its wait.
      const late = { actor, until: now + LATE_MS };
      this.#late.push(late, late);
    }
    return allowed;
  }

  /** Sends the refused requests again, one by one, until it is clear which of them writes. */
  async #blame(unexplained: readonly Written[], sent: readonly Sent[]): Promise<void> {
    const actors = new Set(unexplained.map(({ actor }) => actor));
    const suspects = sent.filter(({ sender, outcome, asked }) => {
      const tokenId = tokenIdAt(sender, asked);
      const mine = tokenId === undefined || actors.has(tokenId);
      return mine && isAnswer(outcome) && (outcome.status >= 400 || asked.method === 'GET');
    });
    const written = unexplained.map(({ actor, what }) => `  by ${actor}: ${what}`).join('\n');
    for (const { asked, sender } of suspects) {
      const outcome = await this.#target.send(asked, sender);
      const again = await this.#accounts.read();
      if (!isAnswer(outcome) || outcome.status < 400 || !again.some(({ actor }) => actors.has(actor))) continue;
      const line = curlLine(this.#target.url, asked, sender);
      this.#violate(`it was refused with ${outcome.status} and has written\n${written}\n  ${line}\n  ${outcome.body}`);
      return;
    }
    const lines = suspects.map(({ asked, sender }) => `  ${curlLine(this.#target.url, asked, sender)}`).join('\n');
    this.#violate(`more was written than was accepted:\n${written}\nby one of\n${lines}`);
  }

  #line({ asked, sender, outcome }: Sent): string {
    const answer = isAnswer(outcome) ? outcome.status : JSON.stringify(outcome);
    return `${curlLine(this.#target.url, asked, sender)} # ${answer}`;
  }

  #violate(violation: string): void {
    this.#report.violations.push(violation);
  }
}

/** Returns a sender's token id at the door of a request. */
const tokenIdAt = ({ tokenId, basicTokenId }: Sender, { dialect }: FuzzRequest): string | undefined =>
  dialect === 'eureka' ? (tokenId ?? basicTokenId) : tokenId;

/**
 * Returns the writes of actors that had too few accepted changes for them. Each change makes at most one revision and one
 * entry.
 */
function unexplained(written: readonly Written[], allowed: ReadonlyMap<string, number>): Written[] {
  const books = Map.groupBy(written, ({ actor, auditId }) => `${auditId === undefined ? 'journal' : 'audit'} ${actor}`);
  return [...books.values()].flatMap((all) => {
    const [first] = all;
    return first !== undefined && all.length > (allowed.get(first.actor) ?? 0) ? all : [];
  });
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

/** Formats a report in a few lines. */
export function summary(
  { requests, byStatus, byOperation, lists, unread, violations }: FuzzReport,
  seed: number,
): string {
  const never = (what: 'accepted' | 'refused') =>
    Object.entries(byOperation)
      .filter(([, counts]) => counts[what] === 0)
      .map(([operation]) => operation)
      .join(' ');
  return [
    `seed ${seed}: ${requests} requests, ${violations.length} violations, ${lists} lists read, ${unread} pieces of the past unread`,
    `by status: ${JSON.stringify(byStatus)}`,
    `never accepted: ${never('accepted') || 'none'}; never refused: ${never('refused') || 'none'}`,
  ].join('\n');
}
