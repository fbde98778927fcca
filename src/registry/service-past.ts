import type { InstanceKey } from '../model/batch';
import type { InstanceView } from '../model/instance';
import { PAST_SLICE_MAX_COUNT } from '../model/limits';
import type { ServiceKey } from '../model/namespace-api';
import { compare } from './catalog';
import type { JournaledChange } from './journal';
import { compacted } from './moment';
import type { RecordText } from './past';
import { decodeInstance, decodeOverride } from './records';
import type { NamespaceMemory } from './state';
import { instanceView } from './view';

/** The records of a service at a moment. An entry of the catalog is one, too: that of now. */
export interface ServiceRecords {
  readonly own: RecordText | undefined;
  readonly instances: ReadonlyMap<string, RecordText>;
  readonly overrides: ReadonlyMap<string, RecordText>;
}

/**
 * A service as it was right after a revision. It walks back from today along the chain of the service, and lets others
 * have a turn on a long way.
 *
 * @param revision One that is kept, and durable.
 * @throws {RegistryError} `COMPACTED` where the journal forgets it on the way.
 */
export async function serviceAt(state: NamespaceMemory, key: ServiceKey, revision: number): Promise<ServiceRecords> {
  const { catalog, journal, platform } = state;
  const today = catalog.service(key);
  const records = copied(today);
  let reached = today?.revision ?? 0;
  for (let steps = 1; reached > revision; steps++) {
    const changes = journal.changesAt(reached).filter(({ group, service }) => {
      return service === key.service && group === key.group;
    });
    for (const change of changes) undo(records, change);
    reached = changes[0]?.servicePrevious ?? 0;
    if (steps % PAST_SLICE_MAX_COUNT === 0) await platform.nextTurn();
  }
  if (revision < journal.compactedRevision) throw compacted(journal, `revision ${revision}`);
  return records;
}

interface CopiedRecords {
  own: RecordText | undefined;
  instances: Map<string, RecordText>;
  overrides: Map<string, RecordText>;
}

/** Entries of the catalog change in place. */
function copied(today: ServiceRecords | undefined): CopiedRecords {
  const instances = new Map<string, RecordText>();
  for (const [id, { text, revision }] of today?.instances ?? []) instances.set(id, { text, revision });
  return { own: today?.own, instances, overrides: new Map(today?.overrides) };
}

function undo(records: CopiedRecords, { kind, id, before, previous }: JournaledChange): void {
  const record = before === null ? undefined : { text: before, revision: previous };
  if (kind === 'service') {
    records.own = record;
    return;
  }
  const all = kind === 'instance' ? records.instances : records.overrides;
  if (record === undefined) all.delete(id);
  else all.set(id, record);
}

/**
 * Instances of a service as answers show them, in the order of their ids.
 *
 * @param at For people: decides the mark of flapping.
 * @param after Only those after this id.
 */
export function* viewsAt(key: ServiceKey, records: ServiceRecords, at: number, after = ''): Generator<InstanceView> {
  const ids = [...records.instances.keys()].filter((id) => compare(id, after) > 0).sort(compare);
  for (const id of ids) {
    const view = viewAt({ ...key, id }, records, at);
    if (view !== undefined) yield view;
  }
}

/** One instance of a service as answers show it; undefined where it is not there. */
export function viewAt(
  key: InstanceKey,
  { instances, overrides }: ServiceRecords,
  at: number,
): InstanceView | undefined {
  const record = instances.get(key.id);
  if (record === undefined) return undefined;
  const said = overrides.get(key.id)?.text;
  const override = said === undefined ? undefined : decodeOverride(said).override;
  return instanceView(key, decodeInstance(record.text), record.revision, override, at);
}
