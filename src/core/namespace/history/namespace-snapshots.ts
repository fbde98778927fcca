import type { NamespaceSnapshot } from '../../../model/frames';
import type { JsonText } from '../../../model/json';
import { SNAPSHOT_PART_MAX_BYTES } from '../../../model/limits';
import type { ReadAnswer, SnapshotCommand } from '../../../model/namespace-api';
import type { Catalog } from '../records/catalog';
import { decodePlace, encodePlace, type Place, START, servicesFrom } from '../records/catalog-place';
import { watchedService } from '../records/view';
import { turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { type Moment, momentOf } from './moment';
import { serviceAt, viewsAt } from './service-past';

/** Returns the revision of the newest change to any service. */
function newestRevision(catalog: Catalog): number {
  let newest = 0;
  for (const { revision } of catalog.unordered()) newest = Math.max(newest, revision);
  return newest;
}

/** A part of a snapshot. */
interface Part {
  text: JsonText<NamespaceSnapshot>;
  isWhole: boolean;
  /** False if time alone may change it, as `flapping` ends by itself. */
  keeps: boolean;
}

/**
 * Reads the whole namespace, as it was at one moment. A namespace of 100,000 instances is 70 MB as text, more than an
 * object can hold in addition to its state. It is therefore read in parts, each as of the moment of the first part: later
 * changes are undone. A snapshot with a single part is cached until the next change.
 */
export class NamespaceSnapshots {
  readonly #state: TurnState;
  #kept: { revision: number; text: JsonText<NamespaceSnapshot> } | undefined;

  constructor(state: TurnState) {
    this.#state = state;
  }

  async read({ after, ifNoneMatch, ifChangedAfter, tokenId }: SnapshotCommand): Promise<ReadAnswer<NamespaceSnapshot>> {
    const { catalog, journal, time } = this.#state;
    const here = () => {
      const { revision, cursor } = journal;
      const isKnown =
        ifChangedAfter === undefined
          ? ifNoneMatch !== undefined && journal.position(ifNoneMatch)?.revision === revision
          : journal.reaches(ifChangedAfter) && newestRevision(catalog) <= ifChangedAfter;
      return { revision, cursor, at: time.stamp(), isKnown };
    };
    const now = await turn(this.#state, undefined, here, tokenId);
    if (after !== undefined) {
      const { cursor, place } = decodePlace(after);
      const moment = momentOf(journal, cursor, now.revision, now.at);
      return { cursor, body: (await this.#part(moment, place, now.at)).text };
    }
    const { cursor, revision } = now;
    if (now.isKnown) return { cursor, body: null };
    if (this.#kept?.revision === revision) return { cursor, body: this.#kept.text };
    const { text, isWhole, keeps } = await this.#part(now, START, now.at);
    if (isWhole && keeps) this.#kept = { revision, text };
    return { cursor, body: text };
  }

  async #part({ revision, cursor }: Moment, from: Place, stamp: number): Promise<Part> {
    const services: string[] = [];
    let size = 0;
    let keeps = true;
    const part = (last?: Place): Part => {
      const next = last === undefined ? '' : `,"next":${JSON.stringify(encodePlace(cursor, last))}`;
      return { text: `{"services":[${services.join(',')}]${next}}`, isWhole: last === undefined, keeps };
    };
    for (const service of servicesFrom(this.#state.catalog, from)) {
      const { group, name } = service;
      const key = { group, service: name };
      const records = service.revision <= revision ? service : await serviceAt(this.#state, key, revision);
      if (records.own === undefined && records.instances.size === 0) continue;
      const isContinued = from.name === name && from.group === group;
      const place = { name, group, id: isContinued ? from.id : '' };
      if (size >= SNAPSHOT_PART_MAX_BYTES) return part(place);
      const head = JSON.stringify(watchedService(key, records.own)).slice(0, -1);
      const instances: string[] = [];
      const close = () => void services.push(`${head},"instances":[${instances.join(',')}]}`);
      size += head.length;
      for (const view of viewsAt(key, records, stamp, place.id)) {
        if (size >= SNAPSHOT_PART_MAX_BYTES) {
          close();
          return part(place);
        }
        const text = JSON.stringify(view);
        instances.push(text);
        size += text.length;
        keeps &&= !view.flapping;
        place.id = view.id;
      }
      close();
    }
    return part();
  }
}
