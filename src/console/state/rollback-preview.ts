import type { Override } from '../../client/wire/answers';
import type { WatchedService } from '../../client/wire/frames';
import type { HistoryEntry, RollbackReport } from '../../client/wire/history-answers';

/** Changes of a rollback, made or expected. */
export type RollbackEffect = Pick<RollbackReport, 'service' | 'restored' | 'removed' | 'gone'>;

/** A record as it was at the moment to restore, and as it is; null if there was none or is none. */
export interface Ends<View> {
  past: View | null;
  present: View | null;
}

/** Changes that a rollback would make, with the records. */
export interface RollbackPreview {
  effect: RollbackEffect;
  /** Overrides that have changed, by the id of the instance. */
  overrides: ReadonlyMap<string, Ends<Override>>;
  /** Definition of the service, if it has changed. */
  definition: Ends<WatchedService> | undefined;
}

/**
 * Returns what a rollback of a service would change, by the rules of the registry.
 *
 * @param entries All entries of the service after the moment to restore, newest first.
 * @param now In milliseconds since the epoch.
 */
export function rollbackPreview(entries: readonly HistoryEntry[], now: number): RollbackPreview {
  const overrides = new Map<string, Ends<Override>>();
  const isGone = new Map<string, boolean>();
  let definition: Ends<WatchedService> | undefined;
  for (const change of entries.flatMap(({ changes }) => changes)) {
    if (change.kind === 'service') {
      definition = { past: change.before, present: definition ? definition.present : change.after };
    } else if (change.kind === 'override') {
      const known = overrides.get(change.id);
      overrides.set(change.id, { past: change.before, present: known ? known.present : change.after });
    } else if (change.kind === 'instance' && !isGone.has(change.id)) isGone.set(change.id, change.after === null);
  }
  const effect: RollbackEffect = { restored: [], removed: [], gone: [] };
  for (const [id, ends] of [...overrides].sort(([one], [other]) => (one < other ? -1 : 1))) {
    const past = settingsOf(ends.past, now);
    const present = settingsOf(ends.present);
    if (past === present) continue;
    if (past === undefined) effect.removed.push(id);
    else if (present === undefined && isGone.get(id)) effect.gone.push(id);
    else effect.restored.push(id);
  }
  const past = definitionOf(definition?.past);
  if (past !== definitionOf(definition?.present)) effect.service = past === undefined ? 'removed' : 'restored';
  return { effect, overrides, definition };
}

/**
 * Returns what an override sets, as text; undefined for nothing.
 *
 * @param now If given, a quarantine that has ended by then is left out, as a rollback does not start it again.
 */
function settingsOf(override: Override | null, now?: number): string | undefined {
  if (override === null) return undefined;
  const { actor: _actor, revision: _revision, updatedAt: _updatedAt, ...settings } = override;
  const until = settings.quarantine?.until;
  if (now !== undefined && until !== undefined && Date.parse(until) <= now) delete settings.quarantine;
  return Object.keys(settings).length > 0 ? JSON.stringify(settings) : undefined;
}

function definitionOf(service: WatchedService | null | undefined): string | undefined {
  if (service === null || service === undefined) return undefined;
  const { revision: _revision, ...definition } = service;
  return JSON.stringify(definition);
}
