import { type Action, type Format, withAction, writeInstance } from '../../codecs/eureka/document';
import { infoOf, type ShownInfo } from '../../codecs/eureka/shown-info';
import { statusHash } from '../../codecs/eureka/status';
import type { ChangedInstance } from '../../model/dialect-reads';
import type { InstanceView } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';

/** How long a change is told of: Eureka's own retention. Clients ask every 30 s. */
export const DELTA_WINDOW_MS = 3 * 60 * 1_000;

/** An instance of the copy. Its text is written when it is first asked for, and kept. */
export class Member {
  readonly service: ServiceKey;
  readonly info: ShownInfo;
  /** About how long its text is, in characters. */
  readonly textSize: number;
  readonly #written: Partial<Record<Format, string>> = {};

  constructor(instance: InstanceView) {
    this.service = { group: instance.group, service: instance.service };
    this.info = infoOf(instance);
    this.textSize = JSON.stringify(instance).length;
  }

  /** Its text, written for this one reader. */
  write(format: Format, action: Action): string {
    return withAction(this.#written[format] ?? writeInstance(this.info, format), action, format);
  }

  text(format: Format, action: Action): string {
    const written = this.#written[format] ?? writeInstance(this.info, format);
    this.#written[format] = written;
    return withAction(written, action, format);
  }
}

/** A member with what became of it. */
export interface Told {
  member: Member;
  action: Action;
}

/** Everything that a copy was told at one moment. */
export interface Changes {
  cursor: string;
  revision: number;
  /** Time of the registry, in milliseconds since the epoch. */
  now: number;
  instances: readonly ChangedInstance[];
}

const nameOf = ({ group, service, id }: Pick<InstanceView, 'group' | 'service' | 'id'>): string =>
  JSON.stringify([group, service, id]);

/**
 * A copy of a namespace as Eureka's clients see it, at one revision: lists, delta and hash are all of that moment. It
 * goes from revision to revision by what changed between them.
 */
export class Fleet {
  readonly #members = new Map<string, Member>();
  /** What changed within the window, and when; oldest first. */
  readonly #recent = new Map<string, Told & { at: number }>();
  /** From when on all changes are known, in milliseconds since the epoch. Until a window after that, a delta tells all. */
  readonly #knownSince: number;
  #cursor: string;
  #revision: number;
  #now: number;
  #hash: string | undefined;
  #textSize = 0;

  /**
   * @param at What it is a copy of.
   * @param knownSince From when on changes are known, in milliseconds since the epoch: those before it are too many to
   * be told, or none.
   */
  constructor(instances: Iterable<InstanceView>, at: Omit<Changes, 'instances'>, knownSince: number) {
    const { cursor, revision, now } = at;
    for (const instance of instances) this.#put(nameOf(instance), new Member(instance));
    this.#cursor = cursor;
    this.#revision = revision;
    this.#now = now;
    this.#knownSince = knownSince;
  }

  get cursor(): string {
    return this.#cursor;
  }

  get revision(): number {
    return this.#revision;
  }

  get size(): number {
    return this.#members.size;
  }

  /** About how long the text of all members is, in characters. */
  get textSize(): number {
    return this.#textSize;
  }

  /** The hash of everything: of the delta, too, so that its readers find out whether they missed something. */
  get hash(): string {
    this.#hash ??= statusHash([...this.#members.values()].map(({ info }) => info.status));
    return this.#hash;
  }

  /** Goes on to a later revision. What was known already, as another request may have brought it, is not taken back. */
  apply({ cursor, revision, now, instances }: Changes): void {
    if (revision < this.#revision) return;
    for (const changed of instances) this.#take(changed);
    this.#cursor = cursor;
    this.#revision = revision;
    this.#now = Math.max(this.#now, now);
    this.#hash = undefined;
    this.#forget();
  }

  #take({ instance, isGone, isNew, at }: ChangedInstance): void {
    const name = nameOf(instance);
    const member = new Member(instance);
    this.#put(name, isGone ? undefined : member);
    const before = this.#recent.get(name)?.action;
    // Whoever missed it being added has to add it.
    const isAdded = isNew || before === 'ADDED';
    this.#recent.delete(name);
    this.#recent.set(name, { member, action: isGone ? 'DELETED' : isAdded ? 'ADDED' : 'MODIFIED', at });
  }

  #put(name: string, member: Member | undefined): void {
    this.#textSize += (member?.textSize ?? 0) - (this.#members.get(name)?.textSize ?? 0);
    if (member === undefined) this.#members.delete(name);
    else this.#members.set(name, member);
  }

  #forget(): void {
    for (const [name, { at }] of this.#recent) {
      if (at >= this.#now - DELTA_WINDOW_MS) break;
      this.#recent.delete(name);
    }
  }

  /** All members, in the order in which they came. */
  members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Members that pass a test. */
  filter(test: (member: Member) => boolean): Member[] {
    return [...this.#members.values()].filter(test);
  }

  /**
   * What changed within the last three minutes, each once with what became of it last.
   *
   * @param now Milliseconds since the epoch.
   */
  delta(now: number): Told[] {
    this.#now = Math.max(this.#now, now);
    this.#forget();
    if (this.#knownSince <= this.#now - DELTA_WINDOW_MS) return [...this.#recent.values()];
    const gone = [...this.#recent.values()].filter(({ action }) => action === 'DELETED');
    return [...gone, ...this.filter(() => true).map((member) => ({ member, action: 'MODIFIED' as const }))];
  }
}
