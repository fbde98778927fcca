import type { BatchReport } from '../../src/model/batch';
import type { InstanceView } from '../../src/model/instance';
import type { InstanceList } from '../../src/model/queries';
import { OutcomeUnknown } from '../http/http-caller';
import type { SeededRandom } from '../simulation/seeded-random';
import type { Answer, RegistryClient } from './registry-client';
import type { Revisions } from './revisions';
import { type Move, nextMove } from './writer-moves';
import { differences, entryOf, type WriterState, withEntries } from './writer-state';

/** Share of a writer's moves that read back what it wrote. */
const READ_SHARE = 0.05;

/**
 * One of many concurrent writers. It owns the instances of one service and makes one change at a time, so it
 * always knows what the registry must hold, except for the one change that a crash left unanswered.
 */
export class Writer {
  /** Acknowledged moves, by kind. */
  readonly acknowledged = new Map<string, number>();
  /** Moves without a response: the number that turned out to be applied, and lost. */
  readonly unknown = { applied: 0, lost: 0 };
  readonly #service: string;
  readonly #client: RegistryClient;
  readonly #revisions: Revisions;
  readonly #random: SeededRandom;
  #state: WriterState = new Map();
  #unanswered: Move | undefined;
  #moves = 0;

  constructor(service: string, client: RegistryClient, revisions: Revisions, random: SeededRandom) {
    this.#service = service;
    this.#client = client;
    this.#revisions = revisions;
    this.#random = random;
  }

  /** Makes changes until `stop` is aborted, or one of them gets no response. */
  async work(stop: AbortSignal): Promise<void> {
    while (!stop.aborted && this.#unanswered === undefined) {
      if (this.#random.chance(READ_SHARE)) await this.#look();
      else await this.#move();
    }
  }

  /** Compares the registry's state with what it acknowledged, and determines the outcome of an unanswered change. */
  async check(): Promise<void> {
    const shown = await this.#read();
    const before = differences(this.#state, shown);
    const move = this.#unanswered;
    this.#unanswered = undefined;
    if (move === undefined) {
      this.#report(before);
    } else if (before.length === 0) {
      this.unknown.lost += 1;
    } else {
      this.unknown.applied += 1;
      const after = differences(move.after, shown);
      const what = `${move.mark} (${move.kind}) was applied in part`;
      this.#report(after.map((difference) => `${what}; if applied, ${difference}; if not, ${before.join(', ')}`));
      this.#adopt(move, (id) => shown.get(id)?.revision);
    }
  }

  async #move(): Promise<void> {
    this.#moves += 1;
    const move = nextMove(this.#service, `${this.#service}-${this.#moves}`, this.#state, this.#random);
    try {
      const answer = await this.#client.call(move.method, move.path, move.body);
      this.#acknowledge(move, answer);
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
      this.#unanswered = move;
    }
  }

  #acknowledge(move: Move, { status, body }: Answer): void {
    if (!move.statuses.includes(status)) {
      this.#report([`${move.mark} (${move.kind}) was answered with ${status} ${JSON.stringify(body)}`]);
      return;
    }
    this.acknowledged.set(move.kind, (this.acknowledged.get(move.kind) ?? 0) + 1);
    // Response bodies have the shapes of the API, which separate tests check against its schemas.
    const revision = (body as Partial<BatchReport & InstanceView> | undefined)?.revision;
    if (move.kind === 'repeat') {
      this.#expectSameRevision(move, (body as InstanceView).id, revision);
    }
    this.#adopt(move, () => revision);
  }

  /** Reports a repeat that moved the record: the same content must keep its revision. */
  #expectSameRevision(move: Move, id: string, revision: number | undefined): void {
    const known = entryOf(this.#state, id).registration?.revision;
    if (known !== revision) this.#report([`${move.mark}: a repeat moved ${id} from ${known} to ${revision}`]);
  }

  /** Applies an acknowledged move. The registrations it changed share one revision, which no other change has. */
  #adopt(move: Move, revisionOf: (id: string) => number | undefined): void {
    const changes = move.changed.map((id) => {
      const revision = revisionOf(id) ?? null;
      if (revision === null) this.#report([`${move.mark} (${move.kind}) has no revision`]);
      else this.#revisions.claim(revision, move.mark);
      const { registration } = entryOf(move.after, id);
      return [id, { registration: registration && { ...registration, revision } }] as const;
    });
    const revisions = new Set(changes.map(([, { registration }]) => registration?.revision));
    if (revisions.size > 1) this.#report([`${move.mark} (${move.kind}) has revisions ${[...revisions].join(', ')}`]);
    this.#state = withEntries(
      move.after,
      changes.map(([id, change]) => [id, change]),
    );
  }

  async #look(): Promise<void> {
    try {
      this.#report(differences(this.#state, await this.#read()));
    } catch (error) {
      if (!(error instanceof OutcomeUnknown)) throw error;
    }
  }

  async #read(): Promise<Map<string, InstanceView>> {
    const path = `/groups/DEFAULT_GROUP/services/${this.#service}/instances`;
    const { body } = await this.#client.call('GET', path);
    return new Map((body as InstanceList).instances.map((instance) => [instance.id, instance]));
  }

  #report(problems: string[]): void {
    this.#revisions.violations.push(...problems.map((problem) => `${this.#service}: ${problem}`));
  }
}
