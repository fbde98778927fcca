import type { InstanceKey } from '../../../model/batch';
import { RegistryError } from '../../../model/errors';
import { LAYOUT_SLICE_MAX_BYTES, LAYOUT_SLICE_MAX_COUNT } from '../../../model/limits';
import { commit } from '../commit/commit';
import type { CommitState } from '../commit/commit-state';
import { Draft } from '../commit/draft';
import { REGISTRY_ACTOR } from '../commit/journal';
import { type Entry, isSynthetic } from '../entries/entry';
import { idsAfter, type Place, START, servicesFrom } from '../records/catalog-place';
import type { ReadEntry } from './described';
import type { Layouts, LookAgain } from './projection';

/** The parts of a namespace whose layouts have changed. */
export interface LookAgainState extends CommitState {
  readonly layouts: Layouts;
  readonly lookAgain: LookAgainPlace;
}

/**
 * What is left to look at: keys that are shadowed; then synthetic entries, so that those which no layout shows any more
 * make room; then entries that describe an instance or might; then instances.
 */
const PASSES = ['shadowed', 'shown', 'entries', 'instances', 'over'] as const;

/**
 * The place up to which entries and instances were looked at again. It is in memory: after a wake all are looked at once
 * more, which changes only what is left.
 */
export class LookAgainPlace {
  pass: (typeof PASSES)[number] = 'over';
  /** First key that is left. */
  key = '';
  instance: Place = START;
  /** Slices that were left out, as the namespace has no room for them. */
  leftOut = 0;

  get isUnderWay(): boolean {
    return this.pass !== 'over';
  }
}

/** Begins to look at everything again if the layouts have changed. */
export function beginLookAgain({ layouts, lookAgain, agenda, catalog, granted }: LookAgainState, now: number): void {
  if (!layouts.isOutdated) return;
  const mayRead = layouts.plan.reads && [...granted.all()].some(({ keys }) => keys.size > 0);
  const mayShow = layouts.plan.shows && catalog.instanceCount > 0;
  // Most namespaces have nothing to read or show: what is put later is read by the layouts of then.
  if (!layouts.isBegun && !mayRead && !mayShow) return;
  Object.assign(lookAgain, { pass: 'shadowed', key: '', instance: START, leftOut: 0 });
  agenda.set({ kind: 'layouts' }, now);
}

/** Looks at the next slice again, as one revision if it changes anything. Returns whether there is more. */
export function attendLookAgain(state: LookAgainState, now: number): boolean {
  const { layouts, lookAgain, pipeline } = state;
  if (lookAgain.pass === 'over') return false;
  const again = nextSlice(state);
  if (again !== undefined) commitSlice(state, again, now);
  if (again !== undefined && lookAgain.pass !== 'shadowed') return true;
  lookAgain.key = '';
  lookAgain.pass = PASSES[PASSES.indexOf(lookAgain.pass) + 1] ?? 'over';
  if (lookAgain.pass !== 'over') return true;
  pipeline.enqueue(layouts.settle());
  return false;
}

function commitSlice(state: LookAgainState, again: LookAgain, now: number): void {
  const { layouts, lookAgain, platform } = state;
  try {
    layouts.lookAgain(again, () => void commit(state, new Draft(state, now), REGISTRY_ACTOR));
  } catch (error) {
    if (!(error instanceof RegistryError) || error.code !== 'LIMIT_EXCEEDED') throw error;
    lookAgain.leftOut += 1;
    const reason = 'the namespace has no room for everything that its layouts read and show';
    if (lookAgain.leftOut === 1) platform.log('warn', reason, { error: error.message });
  }
}

/** Returns what to look at next; undefined at the end of a pass. */
function nextSlice(state: LookAgainState): LookAgain | undefined {
  const { pass } = state.lookAgain;
  if (pass === 'shadowed') return { keys: [...state.layouts.shadowedKeys] };
  if (pass === 'instances') return instanceSlice(state);
  const found = entrySlice(state, pass === 'shown');
  if (found === undefined) return undefined;
  return pass === 'shown' ? { keys: found.map(({ key }) => key) } : { entries: readEntries(state, found) };
}

/** Returns the next entries that are synthetic, or that a lease holds or that describe an instance. */
function entrySlice({ entries, layouts, lookAgain }: LookAgainState, areShown: boolean): Entry[] | undefined {
  const slice: Entry[] = [];
  let size = 0;
  for (const entry of entries.within({ from: lookAgain.key })) {
    if (slice.length >= LAYOUT_SLICE_MAX_COUNT || size >= LAYOUT_SLICE_MAX_BYTES) {
      lookAgain.key = entry.key;
      return slice;
    }
    const isWanted = areShown
      ? isSynthetic(entry)
      : !isSynthetic(entry) && (entry.lease !== null || layouts.describes(entry.key));
    if (!isWanted) continue;
    slice.push(entry);
    size += areShown ? 0 : entry.size;
  }
  if (slice.length === 0) return undefined;
  lookAgain.key = `${slice.at(-1)?.key}\u0000`;
  return slice;
}

function readEntries({ entries }: LookAgainState, found: readonly Entry[]): ReadEntry[] {
  return Array.from(entries.whole(found), (after) => ({ key: after.key, cause: 'put' as const, after }));
}

function instanceSlice({ catalog, lookAgain }: LookAgainState): LookAgain | undefined {
  const instances: InstanceKey[] = [];
  const { instance: place } = lookAgain;
  for (const service of servicesFrom(catalog, place)) {
    const { name, group } = service;
    const isContinued = place.name === name && place.group === group;
    for (const id of idsAfter(service, isContinued ? place.id : '')) {
      if (instances.length >= LAYOUT_SLICE_MAX_COUNT) return { instances };
      instances.push({ group, service: name, id });
      lookAgain.instance = { name, group, id };
    }
  }
  return instances.length === 0 ? undefined : { instances };
}
