import type { Override } from '../../client/wire/answers';
import type { Cause, HistoryEntry, WhyReport } from '../../client/wire/history-answers';
import { endpointOf } from './instance-state';
import { changedFields, type FieldChange } from './record-diff';
import type { InstanceEvent } from './why-verdict';

/** Title of an entry, by which its text is chosen. */
export type EntryTitle =
  | { kind: 'registered'; place: string; zone: string | undefined }
  | { kind: 'quarantined'; forMs: number | undefined; reason: string | undefined }
  | { kind: 'unhealthy'; ttlMs: number }
  | {
      kind:
        | 'registered-again'
        | 'updated'
        | 'expired'
        | 'deregistered'
        | 'recovered'
        | 'settings-changed'
        | 'override-removed'
        | 'quarantine-lifted'
        | 'quarantine-ended'
        | 'drain-began'
        | 'drain-ended'
        | 'drain-cancelled'
        | 'session-closed'
        | 'removed'
        | 'imported'
        | 'rolled-back'
        | 'restored';
    };

/** A change that will happen without a further request. */
export interface ComingItem {
  kind: 'coming';
  key: string;
  at: string;
  deadline: keyof WhyReport['deadlines'];
}

/** A time without renewals. */
export interface SilenceItem {
  kind: 'silence';
  key: string;
  lastAt: string;
  /** Undefined: it lasts. */
  ms: number | undefined;
}

/** An entry of the history. */
export interface EntryItem {
  kind: 'entry';
  key: string;
  at: string;
  cause: Cause;
  actor: string;
  title: EntryTitle;
  fields: readonly FieldChange[];
  /** Watches that were notified. */
  watchers: number;
  /** Current subscribers that have not acknowledged it; only of the newest entry. */
  behind: readonly string[];
}

/** Losses of health that the instance recovered from, one after another. */
export interface FoldItem {
  kind: 'fold';
  key: string;
  /** Number of the losses. */
  count: number;
  /** Times of the newest and the oldest change. */
  until: string;
  since: string;
  items: readonly (SilenceItem | EntryItem)[];
}

export type TimelineItem = ComingItem | SilenceItem | EntryItem;

/** Losses of health in a row that are shown; more are folded, except for the newest. */
const LOSSES_MAX_COUNT = 3;

/** Items of a loss of health that the instance recovered from: its recovery, the loss, and the silence before. */
const LOSS_ITEMS = 3;

/** Time without a renewal, in intervals of the lease, after which the loss of health is in sight. */
const OVERDUE_INTERVALS = 1.5;

/**
 * Returns the timeline of an instance, newest first: what will happen, what happened, and silences between.
 *
 * @param now Time in milliseconds since the epoch.
 */
export function timelineOf(report: WhyReport, now: number): TimelineItem[] {
  const { entries, deadlines, subscribers } = report;
  // `as`: keys of an object whose type has no others
  const coming = (Object.entries(deadlines) as [ComingItem['deadline'], string | null][])
    .flatMap(([deadline, at]): ComingItem[] =>
      at === null || !isInSight(deadline, report, now) ? [] : [{ kind: 'coming', key: deadline, at, deadline }],
    )
    .sort((one, other) => Date.parse(other.at) - Date.parse(one.at));
  const items: TimelineItem[] = [...coming];
  const newest = entries[0];
  /** End of a silence: the next change of the instance's health or its removal. */
  let endedAt: string | undefined;
  for (const entry of entries) {
    const item = itemOf(entry);
    if (entry === newest) {
      const behind = subscribers.filter((each) => !each.observer && each.acknowledgedRevision < entry.revision);
      items.push({ ...item, behind: behind.map(({ id }) => id) });
    } else items.push(item);
    const silence = silenceOf(entry, endedAt);
    if (silence !== undefined) items.push(silence);
    if (changesHealth(entry)) endedAt = entry.cause === 'unhealthy' ? undefined : entry.at;
  }
  return items;
}

/** Folds losses of health that follow one another, as those of an instance that flaps. */
export function folded(items: readonly TimelineItem[]): (TimelineItem | FoldItem)[] {
  const result: (TimelineItem | FoldItem)[] = [];
  for (let at = 0; at < items.length; ) {
    let losses = 0;
    while (isLoss(items, at + losses * LOSS_ITEMS)) losses += 1;
    const isFolded = losses > LOSSES_MAX_COUNT;
    const end = at + Math.max(1, losses * LOSS_ITEMS);
    const shownEnd = isFolded ? at + LOSS_ITEMS : end;
    result.push(...items.slice(at, shownEnd));
    if (isFolded) {
      const within = items.slice(shownEnd, end).filter((item) => item.kind !== 'coming');
      const times = within.flatMap((item) => (item.kind === 'entry' ? [item.at] : []));
      const [until = '', since = ''] = [times[0], times.at(-1)];
      result.push({ kind: 'fold', key: `fold-${since}`, count: losses - 1, until, since, items: within });
    }
    at = end;
  }
  return result;
}

function isLoss(items: readonly TimelineItem[], at: number): boolean {
  const [recovery, loss, silence] = items.slice(at, at + LOSS_ITEMS);
  const titleOf = (item: TimelineItem | undefined) => (item?.kind === 'entry' ? item.title.kind : undefined);
  return titleOf(recovery) === 'recovered' && titleOf(loss) === 'unhealthy' && silence?.kind === 'silence';
}

/** Reports whether a deadline is in sight. Those of a lease move with each renewal, so they matter once one is overdue. */
function isInSight(
  deadline: ComingItem['deadline'],
  { instance, renewals }: Pick<WhyReport, 'instance' | 'renewals'>,
  now: number,
): boolean {
  if (deadline === 'drainEndsAt' || deadline === 'quarantineEndsAt') return true;
  if (instance?.healthy === false) return deadline === 'removedAt';
  const silentMs = renewals === null ? 0 : now - Date.parse(renewals.lastAt);
  return deadline === 'unhealthyAt' && silentMs > OVERDUE_INTERVALS * (instance?.lease?.intervalMs ?? silentMs);
}

const changesHealth = ({ changes }: HistoryEntry): boolean =>
  changes.some(
    ({ kind, cause, after }) =>
      kind === 'instance' && (after === null || ['unhealthy', 'recovered', 'registered'].includes(cause)),
  );

/** Returns the silence before an entry. One that ended in a removal belongs to the loss of health before, if there was one. */
function silenceOf(entry: HistoryEntry, endedAt: string | undefined): SilenceItem | undefined {
  for (const change of entry.changes) {
    if (change.kind !== 'instance' || change.renewals === undefined) continue;
    const { lastAt } = change.renewals;
    const isDirect = change.cause === 'expired' && change.before?.healthy === true;
    if (change.cause !== 'unhealthy' && !isDirect) continue;
    const end = isDirect ? entry.at : endedAt;
    const ms = end === undefined ? undefined : Date.parse(end) - Date.parse(lastAt);
    return { kind: 'silence', key: `silence-${entry.revision}`, lastAt, ms };
  }
  return undefined;
}

function itemOf(entry: HistoryEntry): EntryItem {
  const { revision, at, actor, changes } = entry;
  const own = changes.find((change): change is InstanceEvent['change'] => change.kind === 'instance');
  const settings = changes.find(({ kind }) => kind === 'override');
  const cause = (own ?? settings)?.cause ?? entry.cause;
  const fields: FieldChange[] = [];
  if (own?.before && own.after)
    // The title shows a change of health, and the start of a drain.
    fields.push(
      ...changedFields(own.before, own.after).filter(
        ({ field, after }) => field !== 'healthy' && !(field === 'status' && after === 'draining'),
      ),
    );
  if (settings?.kind === 'override')
    fields.push(
      ...changedFields(settings.before, settings.after).filter(({ field }) => !field.startsWith('quarantine')),
    );
  const title =
    own !== undefined
      ? titleOfInstance(own)
      : settings?.kind === 'override'
        ? titleOfOverride(settings.cause, settings.before, settings.after, entry)
        : ({ kind: 'updated' } as const);
  const watchers = Math.max(0, ...changes.map((change) => (change.kind === 'entry' ? 0 : change.watchers)));
  return { kind: 'entry', key: `entry-${revision}`, at, cause, actor, title, fields, watchers, behind: [] };
}

function titleOfInstance({ cause, before, after }: InstanceEvent['change']): EntryTitle {
  if (after === null) {
    if (cause === 'expired' || cause === 'deregistered' || cause === 'session-closed') return { kind: cause };
    return { kind: cause === 'drained' ? 'drain-ended' : 'removed' };
  }
  if (before === null && (cause === 'registered' || cause === 'imported')) {
    return { kind: 'registered', place: endpointOf(after), zone: after.location?.zone };
  }
  switch (cause) {
    case 'registered':
      return { kind: 'registered-again' };
    case 'unhealthy':
      return { kind: 'unhealthy', ttlMs: after.lease?.ttlMs ?? 0 };
    case 'drained':
      return { kind: 'drain-began' };
    case 'recovered':
    case 'drain-cancelled':
    case 'imported':
    case 'rolled-back':
    case 'restored':
      return { kind: cause };
    default:
      return { kind: 'updated' };
  }
}

function titleOfOverride(
  cause: Cause,
  before: Override | null,
  after: Override | null,
  { at, actor }: HistoryEntry,
): EntryTitle {
  if (cause === 'rolled-back' || cause === 'drain-cancelled' || cause === 'imported') return { kind: cause };
  if (cause === 'drained') return { kind: 'drain-began' };
  const quarantine = after?.quarantine;
  if (cause === 'quarantined' && quarantine !== undefined) {
    const { until, reason } = quarantine;
    return { kind: 'quarantined', forMs: until === undefined ? undefined : Date.parse(until) - Date.parse(at), reason };
  }
  if (before?.quarantine !== undefined && quarantine === undefined)
    return { kind: actor === 'registry' ? 'quarantine-ended' : 'quarantine-lifted' };
  return { kind: after === null ? 'override-removed' : 'settings-changed' };
}
