import { jsonText } from '../../model/json';
import type { NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { StoredState } from './commit/commit-state';
import { rangeEntriesAt, readEntryAt } from './history/entry-reads';
import { listInstancesAt } from './history/past-reads';
import type { AnswerCache } from './queries/answer-cache';
import {
  overridesText,
  overrideText,
  requireOverride,
  requireService,
  serviceText,
  subscribersText,
} from './queries/answers';
import { entryRange, entryText, requireEntry } from './queries/entries';
import { listInstances, listServices, newestRevision } from './queries/lists';
import { namespaceStats } from './queries/namespace-stats';
import { resolve } from './queries/resolve';
import { requireInstance } from './records/catalog';
import { viewOf } from './records/view';
import { read, turn } from './turn/turn';
import type { TurnState } from './turn/turn-state';
import { acknowledge, blindReaders, subscriberViews } from './watch/subscribers';
import type { WatchCounts, Watches, WatchState } from './watch/watch-state';
import type { Reply } from './write-calls';

/** The calls of {@link NamespaceApi} that read the current state: when the result of each last changed, and its answer. */

/** Argument of a read of the interface. */
export type Query<Method extends keyof NamespaceApi> = Parameters<NamespaceApi[Method]>[0];

export function readInstance(state: TurnState, { key, ...options }: Query<'readInstance'>): Reply<'readInstance'> {
  const instance = () => requireInstance(state.catalog, key);
  return read(state, {
    scope: key,
    options,
    // An instance that is gone is 404, whatever cursor the reader has. This uses the service's revision, not the instance's:
    // it also rises when an override is cleared.
    changedAt: () => instance().service.revision,
    body: () => jsonText(viewOf(instance(), state.time.stamp())),
  });
}

export function readInstanceList(
  state: TurnState,
  cache: AnswerCache,
  command: Query<'listInstances'>,
): Reply<'listInstances'> {
  const { catalog, time } = state;
  if (command.at !== undefined) return listInstancesAt(state, command, command.at);
  const { alongside } = command;
  const beside = () => alongside && catalog.service(alongside);
  return read(state, {
    scope: command,
    alongside,
    options: command,
    changedAt: () => Math.max(revisionOf(state, command), beside()?.revision ?? 0),
    body: () => listInstances(catalog.service(command), command, cache, time.stamp(), beside()),
  });
}

export function readResolution(state: TurnState, cache: AnswerCache, command: Query<'resolve'>): Reply<'resolve'> {
  const { catalog, platform } = state;
  return read(state, {
    scope: command,
    options: command,
    changedAt: () => revisionOf(state, command),
    body: () => resolve(catalog.service(command), command, cache, () => platform.random.fraction()),
  });
}

export function readOverride(state: TurnState, { key, ...options }: Query<'readOverride'>): Reply<'readOverride'> {
  return read(state, {
    scope: key,
    options,
    changedAt: () => {
      requireOverride(state.catalog, key);
      return revisionOf(state, key);
    },
    body: () => overrideText(state.catalog, key),
  });
}

export function readOverrideList(
  state: TurnState,
  { group, service, after, ...options }: Query<'listOverrides'>,
): Reply<'listOverrides'> {
  const key = { group, service };
  return read(state, {
    scope: key,
    options,
    changedAt: () => revisionOf(state, key),
    body: () => overridesText(state.catalog, key, after),
  });
}

export function readService(state: TurnState, command: Query<'readService'>): Reply<'readService'> {
  return read(state, {
    scope: command,
    options: command,
    changedAt: () => requireService(state.catalog, command).revision,
    body: () => serviceText(state.catalog, command),
  });
}

export function readServiceList(state: TurnState, command: Query<'listServices'>): Reply<'listServices'> {
  const { catalog } = state;
  return read(state, {
    scope: undefined,
    options: command,
    changedAt: () => newestRevision(catalog, command),
    body: () => listServices(catalog, command),
  });
}

export function readEntry(state: TurnState, { at, ...command }: Query<'readEntry'>): Reply<'readEntry'> {
  const { entries } = state;
  if (at !== undefined) return readEntryAt(state, command, at);
  return read(state, {
    scope: undefined,
    options: command,
    changedAt: () => requireEntry(entries, command.key).revision,
    body: () => entryText(entries, command.key),
  });
}

export function readEntryRange(state: TurnState, command: Query<'rangeEntries'>): Reply<'rangeEntries'> {
  const { entries } = state;
  if (command.at !== undefined) return rangeEntriesAt(state, command, command.at);
  return read(state, {
    scope: undefined,
    options: command,
    changedAt: (known) => (entries.hasChangedSince(command.interval, known) ? entries.revision : known),
    body: () => entryRange(entries, command),
  });
}

export function readStats(state: TurnState, open: WatchCounts, tokenId: string | undefined): Reply<'stats'> {
  const answer = () => ({ cursor: state.journal.cursor, body: jsonText(namespaceStats(state, open)) });
  return turn(state, undefined, answer, tokenId);
}

export function readSubscribers(
  state: WatchState,
  watches: Watches,
  { tokenId, after, ...key }: Query<'listSubscribers'>,
): Reply<'listSubscribers'> {
  const answer = (now: number) => ({
    cursor: state.journal.cursor,
    body: subscribersText(
      subscriberViews(state, watches, key, now),
      blindReaders(state, key, state.readerHolds.sharedUntil, now),
      after,
    ),
  });
  return turn(state, key, answer, tokenId);
}

/** Records an acknowledgement. It changes no record. */
export function callAcknowledge(
  state: WatchState,
  watches: Watches,
  command: Query<'acknowledge'>,
): Reply<'acknowledge'> {
  const noted = () => {
    acknowledge(state, watches, command);
    return { cursor: state.journal.cursor };
  };
  return turn(state, undefined, noted, command.tokenId);
}

function revisionOf({ catalog }: Pick<StoredState, 'catalog'>, key: ServiceKey): number {
  return catalog.service(key)?.revision ?? 0;
}
