import type { InstanceKey } from '../../../model/batch';
import type { Cause, HistoryEntry, HistoryPage, Renewals, WhyReport } from '../../../model/history';
import type { WhyCommand } from '../../../model/history-commands';
import type { InstanceView } from '../../../model/instance';
import { jsonText } from '../../../model/json';
import { WHY_ENTRIES_DEFAULT_COUNT } from '../../../model/limits';
import type { Answer } from '../../../model/namespace-api';
import type { OverrideView } from '../../../model/override';
import { timestamp } from '../../../model/timestamp';
import type { Journal } from '../commit/journal';
import { hearHolder } from '../leases/sessions';
import { unknownInstance } from '../records/catalog';
import { renewalsOf } from '../records/instance-kind';
import { decodeInstance } from '../records/records';
import { overrideView, viewOf } from '../records/view';
import { turn } from '../turn/turn';
import type { TurnState } from '../turn/turn-state';
import { subscriberViews } from '../watch/subscribers';
import type { PollerState, Watches } from '../watch/watch-state';
import { historyPage, renewalsView } from './history-page';
import { newestPlace, walkBack } from './journal-walk';

/** The parts of a namespace that explain the state of an instance. */
type WhyState = TurnState & PollerState;

/** The current facts about an instance. */
type Today = Pick<WhyReport, 'instance' | 'override' | 'renewals' | 'deadlines' | 'subscribers'>;

/**
 * Explains the state of an instance.
 *
 * @throws {RegistryError} `INSTANCE_NOT_FOUND` for one that neither exists nor is in the retained history.
 */
export async function readWhy(
  state: WhyState,
  watches: Watches,
  { key, limit = WHY_ENTRIES_DEFAULT_COUNT, tokenId }: WhyCommand,
): Promise<Answer<WhyReport>> {
  const { journal } = state;
  const scope = { group: key.group, service: key.service, instance: key.id };
  const here = (now: number) => ({
    cursor: journal.cursor,
    revision: journal.revision,
    place: newestPlace(state, scope),
    today: todayOf(state, watches, key, now),
  });
  const { cursor, revision, place, today } = await turn(state, key, here, tokenId);
  const past = historyPage(journal, walkBack(journal, scope, place), place, { untilRevision: revision, limit });
  if (today.instance === undefined && past.entries.length === 0) throw unknownInstance(key, restoredAt(journal));
  const { group, service, id } = key;
  const renewals = today.renewals ?? lastRenewals(past);
  const summary = summaryOf(id, { ...today, renewals }, past);
  const body = { group, service, id, present: today.instance !== undefined, summary, ...today, renewals, ...past };
  return { cursor, body: jsonText(body) };
}

/** Returns when the namespace was restored from a backup, if its history has that: everything after the backup is lost. */
function restoredAt({ epochEntry }: Journal): string | undefined {
  return epochEntry?.cause === 'restored' ? timestamp(epochEntry.at) : undefined;
}

function todayOf(state: WhyState, watches: Watches, key: InstanceKey, now: number): Today {
  const { catalog, time, leases } = state;
  const entry = catalog.instance(key);
  if (entry !== undefined) hearHolder(state, entry);
  const said = catalog.override(key);
  const renewals = entry === undefined ? undefined : renewalsOf(state, entry);
  /** Converts a time on the namespace's axis for people. */
  const shown = (at: number | undefined) =>
    at === undefined || at === Number.POSITIVE_INFINITY ? null : timestamp(time.clockAt(at));
  const until = said?.record.override.quarantine?.until;
  const lease = entry === undefined || entry.lease < 0 ? undefined : entry.lease;
  return {
    instance: entry === undefined ? undefined : viewOf(entry, time.stamp()),
    override: said === undefined ? undefined : overrideView(said),
    renewals: renewals === undefined ? null : renewalsView(renewals, Math.floor(time.clockAt(now))),
    deadlines: {
      unhealthyAt: shown(lease === undefined ? undefined : leases.ttlEndsAt(lease)),
      removedAt: shown(lease === undefined ? undefined : leases.removalAt(lease)),
      drainEndsAt: shown(entry === undefined ? undefined : decodeInstance(entry.text).drainEndsAt),
      quarantineEndsAt: until === undefined ? null : timestamp(Date.parse(until)),
    },
    subscribers: subscriberViews(state, watches, key, now),
  };
}

function lastRenewals({ entries }: HistoryPage): Renewals | null {
  for (const { changes } of entries) {
    for (const change of changes) {
      if (change.kind === 'instance' && change.renewals !== undefined) return change.renewals;
    }
  }
  return null;
}

type Facts = Pick<WhyReport, 'instance' | 'override' | 'renewals'>;

function summaryOf(id: string, { instance, override, renewals }: Facts, { entries }: HistoryPage): string {
  if (instance === undefined) {
    const removal = entries.find(({ changes }) => changes.some(({ kind, after }) => kind === 'instance' && !after));
    return removal === undefined ? `${id} is gone` : `${id} is gone: ${departure(removal, renewals, entries)}`;
  }
  if (instance.available) return `${id} is registered and takes traffic`;
  return `${id} is registered but takes no traffic: ${obstacles(instance, override, renewals, isRolledBack(entries)).join('; ')}`;
}

function departure(removal: HistoryEntry, renewals: Renewals | null, entries: readonly HistoryEntry[]): string {
  const { at } = removal;
  const gone = removal.changes.find(({ kind, after }) => kind === 'instance' && after === null);
  const heard = renewals === null ? '' : `; it was last renewed at ${renewals.lastAt}`;
  const owner = gone?.kind === 'instance' ? gone.before?.owner : undefined;
  const by = ({ actor }: HistoryEntry) => (actor === owner ? 'its owner' : `token ${actor}`);
  // Time ends a drain; an earlier entry has the token that began it.
  const drain = entries.find(({ changes }) =>
    changes.some(({ cause, after }) => cause === 'drained' && after !== null),
  );
  const drained = drain === undefined ? 'drained' : `drained at ${drain.at} by ${by(drain)}`;
  const how: Partial<Record<Cause, string>> = {
    expired: `its lease expired at ${at}${heard}`,
    revoked: `the lease that held it was revoked at ${at} by ${by(removal)}`,
    deregistered: `it was deregistered at ${at} by ${by(removal)}`,
    drained: `it was ${drained}, and removed at ${at}`,
    'session-closed': `its session was closed at ${at} by ${by(removal)}`,
    imported: `an import at ${at} by ${by(removal)} replaced everything and did not include it`,
  };
  return how[gone?.cause ?? 'updated'] ?? `it was removed at ${at} by ${by(removal)}, cause ${gone?.cause}`;
}

/** Returns whether a rollback made the newest change of the override. */
function isRolledBack(entries: readonly HistoryEntry[]): boolean {
  const changes = entries.flatMap((entry) => entry.changes);
  return changes.find(({ kind }) => kind === 'override')?.cause === 'rolled-back';
}

/** Returns everything that keeps traffic from an instance. */
function obstacles(
  instance: InstanceView,
  override: OverrideView | undefined,
  renewals: Renewals | null,
  rolledBack: boolean,
): string[] {
  const by = rolledBack ? ' by a rollback of' : ' by';
  const said = override === undefined ? '' : `${by} ${override.actor} at ${override.updatedAt}`;
  const reason = override?.quarantine?.reason;
  const found: string[] = [];
  if (instance.quarantined) found.push(`quarantined${said}${reason === undefined ? '' : `: ${reason}`}`);
  if (!instance.enabled) found.push(`disabled${said}`);
  if (!instance.healthy) found.push(renewals === null ? 'unhealthy' : `unhealthy, last renewed at ${renewals.lastAt}`);
  if (instance.status !== 'up') found.push(`its status is ${instance.status}`);
  if (instance.weight === 0) found.push('its weight is 0');
  return found;
}
