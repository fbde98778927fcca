import type {
  Answer,
  Call,
  Content,
  GrantedLife,
  History,
  Key,
  Operation,
  SessionLife,
  Shown,
  Step,
} from './operation';

const EPOCH = 'hand';

/** Returns a cursor's position. The random bits of a commit follow from its revision. */
export const at = (revision: number, check = revision * 7) => ({ epoch: EPOCH, revision, check });

export const SHORT: Content['lease'] = { ttlMs: 1_000, removeAfterMs: 1_500 };

export const content = (mark: string, lease: Content['lease'] = null): Content => ({
  weight: 1,
  metadata: { mark },
  lease,
});

export const shown = (key: Key, revision: number, of: Content, healthy = true): Shown => {
  return { ...of, key, revision, healthy };
};

/** Builds a history by hand: each call with its start, its end and its answer. */
export class HandHistory {
  readonly #operations: Operation[] = [];
  readonly #outages: History['outages'] = [];
  readonly #sessions: Record<string, SessionLife> = {};
  readonly #leases: Record<string, GrantedLife> = {};

  get history(): History {
    const [operations, outages, sessions, leases] = [this.#operations, this.#outages, this.#sessions, this.#leases];
    return { seed: 0, operations, outages, sessions, leases };
  }

  /** @param times Start and end; without an end there was no answer. */
  call(times: [start: number, end?: number], call: Call, answer: Answer | null = null): this {
    const [start, end = null] = times;
    const index = this.#operations.length;
    this.#operations.push({ index, client: `client-${index}`, call, start, end, answer });
    return this;
  }

  change(times: [number, number?], steps: Step[], answer?: Answer): this {
    return this.call(times, { kind: 'change', steps }, answer);
  }

  register(times: [number, number?], key: Key, of: Content, revision?: number, outcome?: 'created'): this {
    const step: Step = { op: 'register', key, condition: {}, content: of };
    if (revision === undefined) return this.change(times, [step]);
    const results = [{ outcome, revision, shown: shown(key, revision, of) }];
    return this.change(times, [step], { kind: 'changed', at: at(revision), results });
  }

  deregister(times: [number, number?], key: Key, revision?: number): this {
    const step: Step = { op: 'deregister', key, condition: {} };
    const answer: Answer | undefined =
      revision === undefined ? undefined : { kind: 'changed', at: at(revision), results: [{}] };
    return this.change(times, [step], answer);
  }

  read(times: [number, number], key: Key, revision: number, record?: Shown): this {
    const answer: Answer =
      record === undefined
        ? { kind: 'refused', code: 'INSTANCE_NOT_FOUND' }
        : { kind: 'shown', at: at(revision), records: [record] };
    return this.call(times, { kind: 'read', key }, answer);
  }

  list(times: [number, number], service: string, revision: number, records: Shown[]): this {
    return this.call(times, { kind: 'list', service }, { kind: 'shown', at: at(revision), records });
  }

  outage(from: number, downBy: number, until: number): this {
    this.#outages.push({ from, downBy, until });
    return this;
  }

  session(name: string, ttlMs: number, signs: number[]): this {
    this.#sessions[name] = { ttlMs, signs: signs.map((sentAt) => ({ sentAt, answeredAt: sentAt + 10 })) };
    return this;
  }

  /** Grants a lease to lock entries of the group `e`, which was granted and renewed at some times. */
  lease(id: string, { ttlMs = 1_000, lockDelayMs = 0 }, signs: number[]): this {
    const given = signs.map((sentAt) => ({ sentAt, answeredAt: sentAt + 10 }));
    this.#leases[id] = { group: 'e', ttlMs, lockDelayMs, isUnsure: false, signs: given };
    return this;
  }
}
