import { OVERRIDE_BEYOND_LIMIT_MAX_BYTES, OVERRIDE_LINGER_MS } from '../../../model/limits';
import { noteRemoval, refreshEligibility, watchedInstance } from './instance-kind';
import type { RecordKind } from './record-kind';
import { decodeOverride, encodeOverride, type OverrideRecord } from './records';

/** Settings that operators put over an instance. An override remains for a while after its instance is gone. */
export const overrideKind: RecordKind<OverrideRecord> = {
  name: 'override',
  number: 2,
  encode: encodeOverride,
  decode: decodeOverride,
  holderIn: (text) => decodeOverride(text).actor,
  find: (service, id) => service.overrides.get(id),
  read: (service, id) => service.overrides.get(id),

  /** Returns whether an override only takes an instance out of traffic or back, without metadata. */
  needsNoRoom: ({ override }, text) =>
    override.metadata === undefined && text.length <= OVERRIDE_BEYOND_LIMIT_MAX_BYTES,

  apply({ catalog, agenda, time }, service, { id, record, after: text }, { revision, now }) {
    if (record === null || text === null) catalog.removeOverride(service, id);
    else catalog.putOverride(service, id, text, revision, record);
    const key = { group: service.group, service: service.name, id };
    const until = record?.override.quarantine?.until;
    if (until !== undefined) agenda.set({ kind: 'quarantine', key }, time.whenClockShows(Date.parse(until)));
    const entry = service.instances.get(id);
    if (entry !== undefined) refreshEligibility(entry, record ?? undefined);
    else if (record !== null) agenda.set({ kind: 'linger', key }, now + OVERRIDE_LINGER_MS);
    return {};
  },

  /** An override shows in its instance, and nowhere once that is gone. */
  watched(key, _record, then) {
    const instance = then.instance(key);
    return instance && watchedInstance(key, instance, then);
  },

  load(waking, service, row, text) {
    waking.catalog.putOverride(service, row.id, text, row.revision, decodeOverride(text));
    // An import may add an override whose instance never existed.
    noteRemoval(waking, service, row);
  },

  schedule({ agenda, time }, service, { removedAt }) {
    for (const [id, { record }] of service.overrides) {
      const key = { group: service.group, service: service.name, id };
      const until = record.override.quarantine?.until;
      if (until !== undefined) agenda.set({ kind: 'quarantine', key }, time.whenClockShows(Date.parse(until)));
      if (service.instances.has(id)) continue;
      agenda.set({ kind: 'linger', key }, (removedAt.get(service)?.get(id) ?? 0) + OVERRIDE_LINGER_MS);
    }
  },
};
