import { authorize } from '../../auth/authorize';
import { keyIn } from '../../model/entry';
import { EntryCompaction, EntryCompactionReport } from '../../model/entry-compaction';
import {
  comparedKeys,
  EntryDiff,
  EntryDiffQuery,
  EntryRollbackReport,
  EntryRollbackRequest,
  rolledBackKeys,
} from '../../model/entry-past';
import {
  DiffQuery,
  HistoryPage,
  HistoryQuery,
  keysOfQuery,
  RollbackReport,
  RollbackRequest,
  ServiceDiff,
  WhyQuery,
  WhyReport,
} from '../../model/history';
import { ENTRY_ROLLBACK_MAX_BYTES, ENTRY_ROLLBACK_MAX_COUNT } from '../../model/limits';
import { DEFAULT_GROUP } from '../../model/service-name';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { answered } from '../response/answers';
import { INSTANCE_PATH, InstanceNames, NAMESPACE_PATH, SERVICE_PATH, ServiceNames } from './paths';

/** Adds the routes of history: changes, explanations, differences and rollback. */
export function addHistoryRoutes(surface: Surface): void {
  route(surface, {
    operation: 'readHistory',
    method: 'get',
    path: `${NAMESPACE_PATH}/history`,
    scope: 'read',
    authorize: (principal, namespace, { query }) => {
      const { group, service } = query;
      const key = service === undefined ? undefined : { group: group ?? DEFAULT_GROUP, service };
      authorize(principal, 'read', { namespace, service: key, group, keys: keysOfQuery(query) });
    },
    chapter: 'History',
    summary: 'Read the history of changes: who, what, when and why',
    description:
      'Newest first; covers the namespace, a group, a service, an instance and its override, or entries. ' +
      'A page scans a bounded part of the history: continue with `next` even if a page is empty. ' +
      'A cursor outside the retained history returns 410 `COMPACTED`.',
    input: { query: HistoryQuery },
    answers: { 200: { description: 'Changes, each with the record before and after', schema: HistoryPage } },
    call: (namespace, { query }, call) => {
      const { key: _key, prefix: _prefix, base64: _base64, ...rest } = query;
      return namespace.history({ ...rest, keys: keysOfQuery(query), tokenId: call.tokenId });
    },
    map: answered,
  });

  route(surface, {
    operation: 'explainInstance',
    method: 'get',
    path: `${INSTANCE_PATH}/why`,
    scope: 'read',
    chapter: 'History',
    summary: 'Explain why an instance is in its current state, or why it is gone',
    description:
      'Lists the causes, newest first, with the actor of each. Also shows lease renewals, scheduled transitions, the ' +
      'override, and which subscribers were notified. `next` continues in the history of the instance.',
    input: { path: InstanceNames, query: WhyQuery },
    answers: { 200: { description: 'Explanation, also for an instance that is gone', schema: WhyReport } },
    call: (namespace, { path, query }, call) => namespace.why({ key: path, limit: query.limit, tokenId: call.tokenId }),
    map: answered,
  });

  route(surface, {
    operation: 'diffService',
    method: 'get',
    path: `${SERVICE_PATH}/diff`,
    scope: 'read',
    chapter: 'History',
    summary: 'Compare a service at two points in time',
    description: 'A point outside the retained history returns 410 `COMPACTED`.',
    input: { path: ServiceNames, query: DiffQuery },
    answers: { 200: { description: 'What was added, removed and changed', schema: ServiceDiff } },
    call: (namespace, { path, query }, call) => namespace.diff({ ...path, ...query, tokenId: call.tokenId }),
    map: answered,
  });

  route(surface, {
    operation: 'diffEntries',
    method: 'get',
    path: `${NAMESPACE_PATH}/diff/kv`,
    scope: 'read',
    authorize: (principal, namespace, { query }) =>
      authorize(principal, 'read', { namespace, keys: comparedKeys(query) }),
    chapter: 'History',
    summary: 'Compare entries at two points in time',
    description:
      'All entries, one `key`, those with a `prefix`, or those from one key up to another. The token needs one grant that ' +
      'covers all of them. A page examines a bounded number of keys: continue with `next` even if a page is empty. ' +
      'A point outside the retained history returns 410 `COMPACTED`.',
    input: { query: EntryDiffQuery },
    answers: { 200: { description: 'Entries that differ, each before and after', schema: EntryDiff } },
    call: (namespace, { query }, call) => {
      const { from, to, limit, after } = query;
      const selection = { interval: comparedKeys(query), after: after && keyIn(after, true) };
      return namespace.diffEntries({ ...selection, from, to, limit, tokenId: call.tokenId });
    },
    map: answered,
  });

  route(surface, {
    operation: 'rollBackEntries',
    method: 'post',
    path: `${NAMESPACE_PATH}/rollback/kv`,
    scope: 'operate',
    authorize: (principal, namespace, { body }) =>
      authorize(principal, 'operate', { namespace, keys: rolledBackKeys(body) }),
    chapter: 'History',
    summary: 'Roll back entries to an earlier point in time',
    description:
      'Restores the values and types of one `key`, of all with a `prefix`, or of those from one key up to another, and ' +
      'deletes those that did not exist, in one revision. Entries that a lease holds or has locked, or held then, are left as they are. ' +
      `Refused with \`LIMIT_EXCEEDED\` for more than ${ENTRY_ROLLBACK_MAX_COUNT} entries that have changed, or ` +
      `${ENTRY_ROLLBACK_MAX_BYTES / 1_048_576} MiB of values. Repeating it changes nothing.`,
    input: { body: EntryRollbackRequest },
    answers: { 200: { description: 'Number of entries that were restored and deleted', schema: EntryRollbackReport } },
    example: { prefix: 'config/', to: '2027-01-31T12:00:00Z' },
    call: (namespace, { body }, call) =>
      namespace.rollBackEntries(call.callerWithOrigin, { interval: rolledBackKeys(body), to: body.to }),
    map: answered,
  });

  route(surface, {
    operation: 'compactEntries',
    method: 'post',
    path: `${NAMESPACE_PATH}/kv-compaction`,
    scope: 'operate',
    authorize: (principal, namespace) => authorize(principal, 'operate', { namespace, keys: { from: '' } }),
    chapter: 'History',
    summary: 'Compact the history of entries',
    description:
      'Drops the history of entries before a revision, and keeps that of services. From then on, reads at an earlier ' +
      'revision, and watches that would need a change of one, are refused with `COMPACTED`. ' +
      '410 `COMPACTED`: the history already begins there or later. The registry also drops history by itself, once it is too old or too large.',
    input: { body: EntryCompaction },
    answers: { 200: { description: 'Where the history begins', schema: EntryCompactionReport } },
    example: { revision: 42 },
    call: (namespace, { body }, call) => namespace.compactEntries(call.callerWithOrigin, body),
    map: answered,
  });

  route(surface, {
    operation: 'rollBackService',
    method: 'post',
    path: `${SERVICE_PATH}/rollback`,
    scope: 'operate',
    chapter: 'History',
    summary: "Roll back the operators' settings of a service and its instances",
    description:
      'Restores the overrides, and the metadata, protect threshold and selector of the service, in one revision. ' +
      'Does not change registrations or bring back instances. Repeating it changes nothing.',
    input: { path: ServiceNames, body: RollbackRequest },
    answers: { 200: { description: 'What was restored', schema: RollbackReport } },
    example: { to: '2027-01-31T12:00:00Z' },
    call: (namespace, { path, body }, call) => namespace.rollback(call.callerWithOrigin, { ...path, to: body.to }),
    map: answered,
  });
}
