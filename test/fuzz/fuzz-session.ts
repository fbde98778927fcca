import type { RouteCard } from '../../src/http/pipeline/route-card';
import { Accounts, NAMESPACES, type Written } from './accounts';
import { answerFaults } from './answer-faults';
import { curlLine, isAnswer, type Outcome, type Target } from './exchange';
import type { FuzzRequest } from './fuzz-request';
import { Hijacks } from './hijacks';
import { type LimitedSender, makeLimitedSenders } from './hostile-names';
import { makeSenders, type Sender } from './principals';
import { SeenValues } from './seen-values';
import { LISTS, unreadable } from './strict-readers';

/**
 * Number of windows after which limits and namespaces are reset: a sender that may set limits sets some that refuse
 * everything.
 */
const RESET_EVERY_WINDOWS = 4;
/** Number of windows after which strict readers read all lists. */
const READ_EVERY_WINDOWS = 4;
/** Time after which an abandoned request has no further effect: a drain alone waits half a minute. */
const LATE_MS = 40_000;

/** A request and its sender, by its number among all senders or those with few rights; number 0 of all is root. */
export interface Planned {
  asked: FuzzRequest;
  isLimited: boolean;
  sender: number;
}

/** Counts of a session. */
export interface FuzzCounts {
  requests: number;
  /** Numbers of accepted, refused and still open requests, by operation. */
  byOperation: Record<string, { accepted: number; refused: number; open: number }>;
  byStatus: Record<string, number>;
  /** Number of lists that strict readers have read. */
  lists: number;
  /** Parts of the history that were compacted before they were compared. */
  unread: number;
}

/** Violations of a window of requests, and these requests as commands with their outcomes. */
export interface Finding {
  violations: string[];
  window: string[];
}

interface Sent {
  asked: FuzzRequest;
  sender: Sender;
  outcome: Outcome;
}

/** Sends windows of concurrent requests to one registry, and checks each response, and that refused requests write nothing. */
export class FuzzSession {
  readonly counts: FuzzCounts = { requests: 0, byOperation: {}, byStatus: {}, lists: 0, unread: 0 };
  readonly #target: Target;
  readonly #cards: ReadonlyMap<string, RouteCard>;
  readonly #senders: readonly Sender[];
  readonly #limited: readonly LimitedSender[];
  readonly #secrets: string[];
  readonly #hijacks: Hijacks;
  readonly #accounts: Accounts;
  readonly #seen = new SeenValues();
  #windows = 0;
  #violations: string[] = [];
  /** Actors of abandoned requests that may still have an effect, and the time until which they may, in milliseconds. */
  #late: { actor: string; until: number }[] = [];

  private constructor(
    target: Target,
    cards: ReadonlyMap<string, RouteCard>,
    senders: readonly Sender[],
    limited: readonly LimitedSender[],
  ) {
    this.#target = target;
    this.#cards = cards;
    this.#senders = senders;
    this.#limited = limited;
    this.#secrets = [...senders, ...limited]
      .filter(({ secret }) => secret !== '')
      .map(({ secret }) => secret.slice(-24));
    this.#hijacks = new Hijacks(target, limited);
    this.#accounts = new Accounts(target);
  }

  /** Creates the tokens of all senders in a registry. */
  static async begin(target: Target, cards: ReadonlyMap<string, RouteCard>): Promise<FuzzSession> {
    return new FuzzSession(target, cards, await makeSenders(target), await makeLimitedSenders(target));
  }

  /**
   * Sends a window of requests at the same time, and returns the violations; without a defect there are none.
   *
   * @param readsLists True to read all lists afterwards; by default they are read after one window of several.
   */
  async check(window: readonly Planned[], readsLists = this.#windows % READ_EVERY_WINDOWS === 0): Promise<Finding> {
    this.#violations = [];
    if (this.#windows % RESET_EVERY_WINDOWS === 0) await this.#reset();
    const sent = await Promise.all(window.map((planned) => this.#send(planned)));
    for (const one of sent) this.#check(one);
    if (readsLists) await this.#readLists();
    this.#windows += 1;
    const written = await this.#accounts.read();
    const allowed = this.#allowed(sent);
    if (unexplained(written, allowed).length > 0) {
      const left = unexplained(await this.#accounts.settled(written), allowed);
      if (left.length > 0) this.#blame(left, sent);
    }
    for (const hijack of await this.#hijacks.look()) this.#violate(hijack);
    this.counts.unread = this.#accounts.lost;
    return { violations: this.#violations, window: sent.map((one) => this.#line(one)) };
  }

  /** Resets limits that refuse everything and removed namespaces, which would make the rest of a run useless. */
  async #reset(): Promise<void> {
    await this.#target.must('POST', '/api/v1/ns', { id: 'fuzz' }).catch(() => undefined); // it exists, with other settings
    for (const namespace of NAMESPACES) {
      await this.#target.must('PATCH', `/api/v1/ns/${namespace}`, { limits: null, retention: null });
    }
    for (const namespace of NAMESPACES) await this.#stock(`/api/v1/ns/${namespace}`);
    // A token that may be rotated and revoked.
    const body = { name: 'sacrifice', grants: [{ scope: 'read', ns: 'public' }] };
    this.#seen.noteToken((await this.#target.must<{ id: string }>('POST', '/api/v1/tokens', body)).id);
    await this.#accounts.read();
  }

  /** Puts entries that reads find, and grants a lease that requests may name. A planted defect may refuse either. */
  async #stock(place: string): Promise<void> {
    const must = (method: string, path: string, body: object) =>
      this.#target.must(method, place + path, body).catch(() => undefined);
    for (const key of ['a', 'config/a']) await must('PUT', `/kv/${key}`, { kept: true });
    this.#seen.note(JSON.stringify(await must('POST', '/leases', { ttlMs: 60_000 })) ?? '', undefined);
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
      if (outcome.status < 400) this.counts.lists += 1;
      for (const fault of unreadable(outcome)) {
        this.#violate(`${fault}\n  GET ${path} as ${accept}\n  ${outcome.status} ${outcome.body.slice(0, 2_000)}`);
      }
    }
  }

  async #send({ asked, isLimited, sender: number }: Planned): Promise<Sent> {
    const senders = isLimited ? this.#limited : this.#senders;
    const sender = senders[number % senders.length];
    if (sender === undefined) throw new Error('there are no senders');
    const filled = this.#seen.filled(asked);
    return { asked: filled, sender, outcome: await this.#target.send(filled, sender) };
  }

  #check({ asked, sender, outcome }: Sent): void {
    this.counts.requests += 1;
    const { byOperation, byStatus } = this.counts;
    byOperation[asked.operation] ??= { accepted: 0, refused: 0, open: 0 };
    const counts = byOperation[asked.operation];
    if (outcome === 'open') {
      if (counts !== undefined) counts.open += 1;
      return;
    }
    if (!isAnswer(outcome)) {
      this.#violate(`${outcome.failure}\n  ${curlLine(this.#target.url, asked, sender)}`);
      return;
    }
    byStatus[outcome.status] = (byStatus[outcome.status] ?? 0) + 1;
    if (counts !== undefined) counts[outcome.status < 400 ? 'accepted' : 'refused'] += 1;
    for (const fault of answerFaults(asked, outcome, this.#cards, this.#secrets)) {
      const shown = `${outcome.status} ${outcome.body.slice(0, 500)}`;
      this.#violate(`${fault}\n  ${curlLine(this.#target.url, asked, sender)}\n  ${shown}`);
    }
    this.#seen.note(outcome.body, outcome.headers['rollcall-cursor']);
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

  #blame(left: readonly Written[], sent: readonly Sent[]): void {
    const written = left.map(({ actor, what }) => `  by ${actor}: ${what}`).join('\n');
    const actors = new Set(left.map(({ actor }) => actor));
    const suspects = sent.filter(({ sender, outcome, asked }) => {
      const tokenId = tokenIdAt(sender, asked);
      const mine = tokenId === undefined || actors.has(tokenId);
      return mine && isAnswer(outcome) && (outcome.status >= 400 || asked.method === 'GET');
    });
    this.#violate(
      `more was written than was accepted:\n${written}\nby one of\n${suspects.map((one) => `  ${this.#line(one)}`).join('\n')}`,
    );
  }

  #line({ asked, sender, outcome }: Sent): string {
    const answer = isAnswer(outcome) ? outcome.status : JSON.stringify(outcome);
    return `${curlLine(this.#target.url, asked, sender)} # ${answer}`;
  }

  #violate(violation: string): void {
    this.#violations.push(violation);
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
