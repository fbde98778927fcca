import { type Action, type Format, withAction, writeInstance } from '../../codecs/eureka/document';
import { infoOf, type ShownInfo } from '../../codecs/eureka/shown-info';
import { statusHash } from '../../codecs/eureka/status';
import type { CopyChanges, CopyContents, NamespaceCopy } from '../../http/dialect-calls/namespace-copy';
import type { ChangedInstance } from '../../model/dialect-reads';
import type { InstanceView } from '../../model/instance';
import type { ServiceKey } from '../../model/namespace-api';

/** Time for which deltas contain a change, as in Eureka itself. Clients poll every 30 s. */
export const DELTA_WINDOW_MS = 3 * 60 * 1_000;

/** An instance of the copy. Its text is cached once it has been written. */
export class Member {
  readonly service: ServiceKey;
  readonly info: ShownInfo;
  /** Approximate length of its text, in characters. */
  readonly textSize: number;
  readonly #written: Partial<Record<Format, string>> = {};

  constructor(instance: InstanceView) {
    this.service = { group: instance.group, service: instance.service };
    this.info = infoOf(instance);
    this.textSize = JSON.stringify(instance).length;
  }

  /** Returns its text without caching it. */
  write(format: Format, action: Action): string {
    return withAction(this.#written[format] ?? writeInstance(this.info, format), action, format);
  }

  text(format: Format, action: Action): string {
    const written = this.#written[format] ?? writeInstance(this.info, format);
    this.#written[format] = written;
    return withAction(written, action, format);
  }
}

/** A member, and how it changed. */
export interface MemberChange {
  member: Member;
  action: Action;
}

const nameOf = ({ group, service, id }: Pick<InstanceView, 'group' | 'service' | 'id'>): string =>
  JSON.stringify([group, service, id]);

/**
 * A copy of a namespace as Eureka's clients see it, at one revision, on which lists, delta and hash agree. Changes bring it
 * to later revisions.
 */
export class Fleet implements NamespaceCopy {
  readonly #members = new Map<string, Member>();
  /** Changes within the window, and their times; oldest first. */
  readonly #recent = new Map<string, MemberChange & { at: number }>();
  /** Time since which all changes are known, in milliseconds since the epoch. For one window, deltas list everything. */
  readonly #knownSince: number;
  #cursor: string;
  #revision: number;
  #now: number;
  #hash: string | undefined;
  #textSize = 0;

  constructor({ instances, at: { cursor, revision, now }, knownSince }: CopyContents) {
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

  /** Approximate length of the text of all members, in characters. */
  get textSize(): number {
    return this.#textSize;
  }

  /** Hash of all members. A delta has the same one, so that its readers notice if they missed a change. */
  get hash(): string {
    this.#hash ??= statusHash([...this.#members.values()].map(({ info }) => info.status));
    return this.#hash;
  }

  /** Applies changes up to a later revision. Ignores older ones, because another request may have applied newer ones. */
  apply({ cursor, revision, now, instances }: CopyChanges): void {
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
    // A client that missed the addition must add it.
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

  /** Returns all members, in insertion order. */
  members(): Iterable<Member> {
    return this.#members.values();
  }

  /** Returns the members that pass a test. */
  filter(test: (member: Member) => boolean): Member[] {
    return [...this.#members.values()].filter(test);
  }

  /**
   * Returns the members that changed within the last three minutes, each once with its last change.
   *
   * @param now Milliseconds since the epoch.
   */
  delta(now: number): MemberChange[] {
    this.#now = Math.max(this.#now, now);
    this.#forget();
    if (this.#knownSince <= this.#now - DELTA_WINDOW_MS) return [...this.#recent.values()];
    const removed = [...this.#recent.values()].filter(({ action }) => action === 'DELETED');
    return [...removed, ...this.filter(() => true).map((member) => ({ member, action: 'MODIFIED' as const }))];
  }
}
