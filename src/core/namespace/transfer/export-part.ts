import type { RecordCounts } from '../../../model/export-line';
import { jsonText } from '../../../model/json';
import { EXPORT_PART_MAX_BYTES } from '../../../model/limits';
import type { Answer, ServiceKey } from '../../../model/namespace-api';
import { timestamp } from '../../../model/timestamp';
import type { ExportCommand, ExportPart } from '../../../model/transfer';
import { type Moment, momentOf } from '../history/moment';
import { type ServiceRecords, serviceAt } from '../history/service-past';
import { isDescribed } from '../records/catalog-entries';
import { decodePlace, encodePlace, idsAfter, type Place, START, servicesFrom } from '../records/catalog-place';
import { decodeInstance, decodeOverride, decodeService, definitionIn } from '../records/records';
import { turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { countExported, decodeKeyPlace, entriesPart, firstKeyPlace } from './export-entries';

/**
 * Reads the whole namespace as lines of a file, one part at a time. Each part is read as of the moment of the first: later
 * changes are undone, so the parts together are the state at one cursor.
 *
 * @throws {RegistryError} `COMPACTED` if the journal no longer has the changes since then, or an import has replaced
 *   everything.
 */
export async function exportPart(state: TurnState, { after, tokenId }: ExportCommand): Promise<Answer<ExportPart>> {
  const { journal, time, platform } = state;
  const here = () => ({ revision: journal.revision, cursor: journal.cursor, at: time.stamp(), epoch: journal.epoch });
  if (after !== undefined) {
    // On one machine a caller may take part after part without waiting for anything else.
    await platform.nextTurn();
    const now = await turn(state, undefined, here, tokenId);
    const among = decodeKeyPlace(after);
    const { cursor, place } = among === undefined ? decodePlace(after) : { cursor: among.cursor, place: START };
    const moment = momentOf(journal, cursor, now.revision, now.at);
    const part = among === undefined ? partOf(state, moment, place) : entriesPart(state, moment, among.from);
    return { cursor, body: jsonText(await part) };
  }
  const now = await turn(state, undefined, () => ({ ...here(), counts: countsOf(state) }), tokenId);
  const { cursor, revision, at, epoch, counts } = now;
  const header = { at: timestamp(at), epoch, revision, counts };
  return { cursor, body: jsonText({ ...(await partOf(state, now, START)), header }) };
}

/** Counts the records of each kind in an export. */
function countsOf(state: TurnState): RecordCounts {
  const { catalog, entries } = state;
  return {
    services: catalog.ownServiceCount,
    overrides: catalog.overrideCount,
    instances: catalog.instanceCount - countDescribed(state),
    entries: countExported(entries),
  };
}

/** Counts the instances that entries describe. Only entries that leases hold do. */
function countDescribed({ catalog, granted }: TurnState): number {
  let count = 0;
  if (granted.size === 0) return count;
  for (const service of catalog.unordered()) {
    for (const instance of service.instances.values()) if (isDescribed(instance)) count += 1;
  }
  return count;
}

async function partOf(state: TurnState, { revision, cursor }: Moment, from: Place): Promise<ExportPart> {
  const part = new Lines();
  for (const service of servicesFrom(state.catalog, from)) {
    const { group, name } = service;
    const key = { group, service: name };
    const isContinued = from.name === name && from.group === group && from.id !== '';
    const place = { name, group, id: isContinued ? from.id : '' };
    if (part.isFull) return { ...part.whole(), next: encodePlace(cursor, place) };
    const records = service.revision <= revision ? service : await serviceAt(state, key, revision);
    if (!isContinued && records.own !== undefined) part.addService(key, records.own.text);
    for (const id of idsAfter(records, place.id)) {
      if (part.isFull) return { ...part.whole(), next: encodePlace(cursor, place) };
      part.addInstance({ ...key, id }, records);
      place.id = id;
    }
  }
  // Entries follow, unless there have been none as far back as the moment.
  return state.entries.revision === 0 ? part.whole() : { ...part.whole(), next: firstKeyPlace(cursor) };
}

/** Lines of services, overrides and instances, in the format of `model/export-line.ts`. */
class Lines {
  readonly #counts: RecordCounts = { services: 0, overrides: 0, instances: 0, entries: 0 };
  #text = '';

  get isFull(): boolean {
    return this.#text.length >= EXPORT_PART_MAX_BYTES;
  }

  whole(): ExportPart {
    return { lines: this.#text, counts: this.#counts };
  }

  addService(key: ServiceKey, text: string): void {
    this.#add('services', { kind: 'service', ...key, ...decodeService(text).definition });
  }

  /** Adds an override before its instance, so that an import never gives the instance traffic that the override prevents. */
  addInstance(key: ServiceKey & { id: string }, { instances, overrides }: ServiceRecords): void {
    const said = overrides.get(key.id);
    if (said !== undefined) {
      const { override, actor, updatedAt } = decodeOverride(said.text);
      this.#add('overrides', { kind: 'override', ...key, ...override, actor, updatedAt: timestamp(updatedAt) });
    }
    const instance = instances.get(key.id);
    if (instance === undefined) return;
    const { owner, place, entry } = decodeInstance(instance.text);
    // The entry that describes it is left out, too, as a lease holds that.
    if (entry !== undefined) return;
    // The definition is inserted in its stored form, without defaults.
    this.#add('instances', { kind: 'instance', ...key, owner, place }, definitionIn(instance.text));
  }

  #add(count: keyof RecordCounts, line: object, rest = '{}'): void {
    const more = rest === '{}' ? '}' : `,${rest.slice(1)}`;
    this.#text += `${JSON.stringify(line).slice(0, -1)}${more}\n`;
    this.#counts[count] += 1;
  }
}
