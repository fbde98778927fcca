import type { InstanceView } from '../../src/model/instance';

/** What a writer said an instance is. */
export interface Registration {
  weight: number;
  metadata: Record<string, string>;
  ephemeral: boolean;
  /** Of its last change; null while nobody has told us. */
  revision: number | null;
}

/** What a writer said as the instance's operator; it stays when the instance is gone. */
export interface OverrideState {
  weight: number;
  metadata: Record<string, string>;
}

/** What a writer knows of one of its instances. */
export interface Entry {
  registration: Registration | null;
  override: OverrideState | null;
}

/** What a writer knows of all its instances, by id. Never changed: a change makes another one. */
export type WriterState = ReadonlyMap<string, Entry>;

export const NOTHING: Entry = { registration: null, override: null };

export function entryOf(state: WriterState, id: string): Entry {
  return state.get(id) ?? NOTHING;
}

export function withEntries(state: WriterState, changes: Iterable<[string, Partial<Entry>]>): WriterState {
  const next = new Map(state);
  for (const [id, change] of changes) next.set(id, { ...entryOf(state, id), ...change });
  return next;
}

/** What is wrong with what the registry shows, if this is what it should hold. */
export function differences(state: WriterState, shown: ReadonlyMap<string, InstanceView>): string[] {
  const ids = new Set([...state.keys(), ...shown.keys()]);
  return [...ids].flatMap((id) => entryDifferences(id, entryOf(state, id), shown.get(id)));
}

function entryDifferences(id: string, { registration, override }: Entry, view: InstanceView | undefined): string[] {
  if (registration === null) return view === undefined ? [] : [`${id} is there, and should be gone`];
  if (view === undefined) return [`${id} is gone, and should be there`];
  const expected = {
    weight: override?.weight ?? registration.weight,
    metadata: { ...registration.metadata, ...override?.metadata },
    ephemeral: registration.ephemeral,
    overridden: override !== null,
    healthy: true,
    revision: registration.revision ?? view.revision,
  };
  return Object.entries(expected).flatMap(([member, value]) => {
    // The members of `expected` are members of a view by their names.
    const found = view[member as keyof typeof expected];
    return canonical(found) === canonical(value)
      ? []
      : [`${id}: ${member} is ${canonical(found)}, and should be ${canonical(value)}`];
  });
}

/** JSON with the members of an object in one order. */
function canonical(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : JSON.stringify(value);
}
