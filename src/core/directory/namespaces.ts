import { authorize, authorizeAny, mayKnowOf } from '../../auth/authorize';
import type { AuditAction } from '../../model/audit';
import type { DirectoryCaller, FirstNamespaces, NamespaceEntry, NamespaceSize, Page } from '../../model/directory-api';
import { quote, RegistryError } from '../../model/errors';
import type { LayoutRule } from '../../model/layout';
import { ERRAND_RETRY_MIN_MS, NAMESPACES_MAX_COUNT } from '../../model/limits';
import type {
  Jurisdiction,
  NamespaceDefinition,
  NamespaceList,
  NamespacePatch,
  NamespaceView,
  Placement,
} from '../../model/namespace';
import { ALL_NAMESPACES, DEFAULT_NAMESPACE } from '../../model/service-name';
import { accountOf } from './audit-log';
import type { Courier } from './courier';
import type { DirectoryPlatform, DirectoryState } from './directory-state';
import { type NamespaceRow, namespaceView, objectSettings, settingsText } from './namespace-rows';
import { pageOf } from './page-of';

const EVERYWHERE = { namespace: ALL_NAMESPACES };

/**
 * The namespaces of the registry. While one is created or removed it is in an intermediate state, in which callers don't
 * find it, until its object has been notified. A crash in between leaves work for the alarm, but never half a namespace.
 */
export class Namespaces {
  readonly #state: DirectoryState;
  readonly #courier: Courier;

  constructor(state: DirectoryState, courier: Courier) {
    this.#state = state;
    this.#courier = courier;
  }

  async create(
    caller: DirectoryCaller,
    { id, ...given }: NamespaceDefinition,
  ): Promise<{ created: boolean; view: NamespaceView }> {
    const { steps, namespaces, errands, platform } = this.#state;
    const settings = placedByDefault(given, platform.placements.own);
    const isNew = await steps.change(() => {
      authorize(caller.principal, 'admin', EVERYWHERE);
      const known = namespaces.find(id);
      if (known !== undefined) {
        this.#assertSame(known, settings);
        // Its creation was begun before, and must be delivered again before any caller may learn that it exists.
        if (known.state === 'founding') errands.add(id, 'configure', this.#soon);
        return known.state === 'founding';
      }
      assertWithin(platform.placements, id, settings.placement);
      assertKnown(settings.layouts, platform.layoutKinds);
      if (namespaces.count >= NAMESPACES_MAX_COUNT) throw tooMany();
      const auditId = this.#note(caller, 'namespace-created', id, settings.title, 'begun');
      const createdBy = caller.principal.tokenId;
      const [createdAt, updatedAt] = [this.#now, this.#now];
      namespaces.put({ id, state: 'founding', settings, createdAt, createdBy, updatedAt, auditId });
      errands.add(id, 'configure', this.#soon);
      return true;
    });
    if (isNew && !(await this.#courier.deliver(id))) throw notReached(id, 'created');
    return { created: isNew, view: await steps.read(() => namespaceView(this.#require(id))) };
  }

  list({ principal }: DirectoryCaller, page: Page): Promise<NamespaceList> {
    const { steps, namespaces } = this.#state;
    return steps.read(() => {
      const isShown = ({ id }: NamespaceRow) => mayKnowOf(principal, id);
      const { items, next } = pageOf(namespaces.list(page.after), page, { isShown, viewOf: namespaceView });
      return { namespaces: items, next };
    });
  }

  read({ principal }: DirectoryCaller, id: string): Promise<NamespaceView> {
    return this.#state.steps.read(() => {
      authorizeAny(principal, id);
      return namespaceView(this.#require(id));
    });
  }

  async patch(caller: DirectoryCaller, id: string, patch: NamespacePatch): Promise<NamespaceView> {
    const { steps, namespaces, errands, platform } = this.#state;
    const view = await steps.change(() => {
      authorize(caller.principal, 'admin', { namespace: id });
      const before = this.#require(id);
      assertKnown(patch.layouts, platform.layoutKinds);
      const settings = patched(before.settings, patch);
      if (settingsText(settings) === settingsText(before.settings)) return namespaceView(before);
      const after = { ...before, settings, updatedAt: this.#now };
      namespaces.put(after);
      this.#note(caller, 'namespace-changed', id, Object.keys(patch).join(', '), 'done');
      const isSame = settingsText(objectSettings(before)) === settingsText(objectSettings(after));
      if (!isSame) errands.add(id, 'configure', this.#soon);
      return namespaceView(after);
    });
    // If the delivery fails, the alarm retries: the change is already made.
    await this.#courier.deliver(id);
    return view;
  }

  async remove(caller: DirectoryCaller, id: string, force: boolean): Promise<void> {
    const { steps, namespaces, errands, platform } = this.#state;
    const found = await steps.read(() => {
      authorize(caller.principal, 'admin', EVERYWHERE);
      if (id === DEFAULT_NAMESPACE) {
        throw new RegistryError('CONFLICT', `the namespace "${id}" always exists and can't be removed`);
      }
      return namespaces.find(id);
    });
    if (found?.state === 'there' && !force) {
      const size = await platform.controlOf(id, found.settings.placement).size();
      if (size.instances + size.services + (size.entries ?? 0) > 0) throw notEmpty(id, size);
    }
    // Its object decides whether it is empty, in the same step that erases it, so that later registrations are not lost.
    const erase = force ? 'erase' : 'erase-if-empty';
    const exists = await steps.change(() => {
      const known = namespaces.find(id);
      if (known === undefined) return false;
      if (known.state === 'removing') {
        if (force) errands.add(id, erase, this.#soon);
        return true;
      }
      if (known.auditId !== null) this.#state.audit.end(known.auditId, { code: 'CONFLICT' });
      const auditId = this.#note(caller, 'namespace-deleted', id, force ? 'force' : undefined, 'begun');
      namespaces.put({ ...known, state: 'removing', auditId });
      errands.add(id, erase, this.#soon);
      return true;
    });
    if (!exists) return;
    if (!(await this.#courier.deliver(id))) throw notReached(id, 'removed');
    const isKept = await steps.read(() => {
      const known = namespaces.find(id);
      return known?.state === 'there' && known.createdAt === found?.createdAt;
    });
    if (isKept) throw filledMeanwhile(id);
  }

  find(id: string): Promise<NamespaceEntry | null> {
    return this.#state.steps.read(() => {
      const known = this.#state.namespaces.find(id);
      return known?.state === 'there' ? { placement: known.settings.placement } : null;
    });
  }

  first(limit: number): Promise<FirstNamespaces> {
    return this.#state.steps.read(() => {
      const { namespaces } = this.#state;
      const first = namespaces.first(limit);
      return {
        namespaces: first.map(({ id, settings: { placement } }) => ({ id, ...(placement && { placement }) })),
        count: namespaces.countThere,
      };
    });
  }

  get #now(): number {
    return this.#state.platform.clock.now();
  }

  /** Time at which the alarm retries an errand whose first delivery is made at once. */
  get #soon(): number {
    return this.#now + ERRAND_RETRY_MIN_MS;
  }

  #require(id: string): NamespaceRow {
    const known = this.#state.namespaces.find(id);
    if (known?.state === 'there') return known;
    throw new RegistryError(
      'NAMESPACE_NOT_FOUND',
      `there is no namespace ${quote(id)}; check its spelling, or create it with POST /api/v1/ns`,
    );
  }

  #assertSame(known: NamespaceRow, settings: NamespaceRow['settings']): void {
    const { id, state } = known;
    if (state === 'removing') {
      throw new RegistryError('CONFLICT', `the namespace "${id}" is being removed; retry when that is done`);
    }
    if (settingsText(known.settings) === settingsText(settings)) return;
    throw new RegistryError(
      'CONFLICT',
      `the namespace "${id}" already exists with a different definition; change it with PATCH, or choose another id`,
    );
  }

  #note(
    { principal, address }: DirectoryCaller,
    action: AuditAction,
    ns: string,
    detail: string | undefined,
    outcome: 'begun' | 'done',
  ): number {
    const note = { action, actor: principal.tokenId, address, ns, detail };
    return this.#state.audit.add(note, outcome, this.#now, accountOf(principal, [ns]));
  }
}

function patched(settings: NamespaceRow['settings'], patch: NamespacePatch): NamespaceRow['settings'] {
  const { title, retention, limits, selfPreservation, intervals, layouts } = patch;
  const merged = <T>(before: T | undefined, asked: T | null | undefined) =>
    asked === undefined ? before : (asked ?? undefined);
  return {
    ...settings,
    title: merged(settings.title, title),
    retention: merged(settings.retention, retention),
    limits: merged(settings.limits, limits),
    selfPreservation: merged(settings.selfPreservation, selfPreservation),
    intervals: merged(settings.intervals, intervals),
    layouts: merged(settings.layouts, layouts),
  };
}

/** @throws {RegistryError} `INVALID_REQUEST` for a layout that the registry does not have. */
function assertKnown(rules: readonly LayoutRule[] | null | undefined, kinds: readonly string[] = []): void {
  const unknown = rules?.find(({ kind }) => !kinds.includes(kind));
  if (unknown === undefined) return;
  const known = kinds.length === 0 ? 'it has none' : `it has ${kinds.join(', ')}`;
  throw new RegistryError('INVALID_REQUEST', `this registry has no layout ${quote(unknown.kind)}; ${known}`);
}

function tooMany(): RegistryError {
  return new RegistryError(
    'LIMIT_EXCEEDED',
    `there are ${NAMESPACES_MAX_COUNT} namespaces, the maximum for a registry; remove one first`,
  );
}

function notEmpty(id: string, { instances, services, entries = 0 }: NamespaceSize): RegistryError {
  const also = entries === 0 ? '' : `, entries: ${entries}`;
  return new RegistryError(
    'CONFLICT',
    `the namespace "${id}" is not empty (instances: ${instances}, services: ${services}${also}); remove them first, or erase them with ?force`,
  );
}

function filledMeanwhile(id: string): RegistryError {
  return new RegistryError(
    'CONFLICT',
    `something was registered in the namespace "${id}" while it was being removed, so it was not removed; remove that first, or erase it with ?force`,
  );
}

function notReached(id: string, done: 'created' | 'removed'): RegistryError {
  return new RegistryError(
    'UNAVAILABLE',
    `the namespace "${id}" could not be reached; the registry retries until it is ${done}, and you may retry too`,
    { retryAfterSeconds: 1 },
  );
}

/** Places a namespace without a placement in the jurisdiction of the directory. */
function placedByDefault<Settings extends { placement?: Placement | undefined }>(
  settings: Settings,
  own: Jurisdiction | undefined,
): Settings {
  return own === undefined || settings.placement !== undefined
    ? settings
    : { ...settings, placement: { jurisdiction: own } };
}

/**
 * @throws {RegistryError} `INVALID_REQUEST` for a jurisdiction other than that of the directory, which stores data about the
 * namespace.
 */
function assertWithin(
  { own, matter }: DirectoryPlatform['placements'],
  id: string,
  placement: Placement | undefined,
): void {
  if (!matter || placement === undefined || !('jurisdiction' in placement) || placement.jurisdiction === own) return;
  const { jurisdiction } = placement;
  const where = own === undefined ? 'in no jurisdiction' : `in "${own}"`;
  throw new RegistryError(
    'INVALID_REQUEST',
    `the namespace ${quote(id)} can't be placed in "${jurisdiction}": the directory, which stores its tokens and its audit trail, is ${where}; use a registry deployed with ROLLCALL_JURISDICTION = "${jurisdiction}"`,
  );
}
