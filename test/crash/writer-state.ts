import type { InstanceView } from '../../src/model/instance';

/** An instance as a writer registered it. */
export interface Registration {
  weight: number;
  metadata: Record<string, string>;
  ephemeral: boolean;
  /** Revision of its last change; null until a response has shown it. */
  revision: number | null;
}

/** A writer's override, set as the instance's operator; it outlives the instance. */
export interface OverrideState {
  weight: number;
  metadata: Record<string, string>;
}

/** State of one of a writer's instances, as the writer knows it. */
export interface Entry {
  registration: Registration | null;
  override: OverrideState | null;
}

/** State of all of a writer's instances, by id. Immutable: a change creates a new one. */
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

/** Returns the differences between the registry's state and the expected one. */
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
    // The members of `expected` have the same names in a view.
    const found = view[member as keyof typeof expected];
    return canonical(found) === canonical(value)
      ? []
      : [`${id}: ${member} is ${canonical(found)}, and should be ${canonical(value)}`];
  });
}

/** Serializes to JSON with the members of each object in a fixed order. */
function canonical(value: unknown): string {
  return typeof value === 'object' && value !== null
    ? JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : JSON.stringify(value);
}
