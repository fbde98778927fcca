import type { AuditAction, AuditEntry, AuditTrail } from '../../client/wire/access-answers';
import { GROUP_SEPARATOR, splitName } from '../../model/service-name';
import { instancePath, query, servicePath, settingsPath, TOKENS_PATH } from './paths';

/** Entries of a page; more with a filter, as the registry filters by namespace alone. */
const PAGE = 100;
const FILTERED_PAGE = 1_000;

/** Matching entries after which a search pauses, and pages after which it does in any case. */
const FOUND_MIN_COUNT = 50;
const PAGES_MAX_COUNT = 10;

/** Filter of the audit trail, besides the namespace. */
export interface AuditFilter {
  action?: string | undefined;
  /** Part of the name or the id of a token. */
  actor?: string | undefined;
}

/** Part of the trail that matches. */
export interface AuditPart {
  entries: AuditEntry[];
  /** Position to continue at; undefined at the end of the trail. */
  next: string | undefined;
  /** Time of the oldest entry that was searched. */
  searchedTo: string | undefined;
}

/**
 * Reads pages until enough entries match.
 *
 * @param nameOf Returns the name of a token.
 */
export async function searchAudit(
  readPage: (page: { after: string | undefined; limit: number }) => Promise<AuditTrail>,
  { action, actor = '' }: AuditFilter,
  nameOf: (id: string) => string,
  after?: string,
): Promise<AuditPart> {
  const isFiltered = action !== undefined || actor !== '';
  const found: AuditPart = { entries: [], next: after, searchedTo: undefined };
  for (let page = 0; page < PAGES_MAX_COUNT && found.entries.length < FOUND_MIN_COUNT; page++) {
    const { entries, next } = await readPage({ after: found.next, limit: isFiltered ? FILTERED_PAGE : PAGE });
    found.entries.push(
      ...entries.filter(
        (entry) =>
          (action === undefined || entry.action === action) &&
          (entry.actor.includes(actor) || nameOf(entry.actor).includes(actor)),
      ),
    );
    found.next = next;
    found.searchedTo = entries.at(-1)?.at ?? found.searchedTo;
    if (next === undefined) break;
  }
  return found;
}

/** Actions whose target is a service. */
const ON_SERVICES: ReadonlySet<AuditAction> = new Set(['service-changed', 'rolled-back']);

/** Actions whose target is an instance. */
const ON_INSTANCES: ReadonlySet<AuditAction> = new Set([
  'overridden',
  'quarantined',
  'override-cleared',
  'drained',
  'drain-cancelled',
  'changed',
  'deregistered',
]);

/** Returns the path of the page about the target of an entry; undefined if there is none, or it is ambiguous. */
export function targetPath({ action, ns, target }: AuditEntry): string | undefined {
  if (action === 'token-created' || action === 'token-rotated') return TOKENS_PATH + query({ q: target });
  if (ns === undefined) return undefined;
  if (action === 'namespace-created' || action === 'namespace-changed') return settingsPath(ns);
  if (target === undefined || !target.includes(GROUP_SEPARATOR)) return undefined;
  if (ON_SERVICES.has(action)) return servicePath({ ns, ...splitName(target) });
  const { group, service: rest } = splitName(target);
  const [service = '', id, ...more] = rest.split('/');
  // With another slash, it is unknown which one separates the names.
  return ON_INSTANCES.has(action) && id !== undefined && more.length === 0
    ? instancePath({ ns, group, service, id })
    : undefined;
}
