import type { NamespaceControl } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { ERRANDS_AT_ONCE_MAX_COUNT } from '../../model/limits';
import type { DirectoryState } from './directory-state';
import type { Errand } from './errand-rows';
import { type NamespaceRow, objectSettings } from './namespace-rows';

/**
 * Delivers errands to namespaces, each at least once. Errands of one namespace are delivered in order, one after the other;
 * namespaces are served in parallel.
 */
export class Courier {
  readonly #state: DirectoryState;
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(state: DirectoryState) {
    this.#state = state;
  }

  /**
   * Delivers all pending errands of one namespace.
   *
   * @returns True if they were delivered; if not, the alarm retries.
   */
  deliver(ns: string): Promise<boolean> {
    const before = this.#underWay.get(ns);
    const delivery = before === undefined ? this.#deliver(ns) : before.catch(() => {}).then(() => this.#deliver(ns));
    this.#underWay.set(ns, delivery);
    const ended = () => {
      if (this.#underWay.get(ns) === delivery) this.#underWay.delete(ns);
    };
    delivery.then(ended, ended);
    return delivery;
  }

  /** Delivers due errands, to at most `most` namespaces. */
  async deliverDue(most: number): Promise<void> {
    const { steps, errands, platform } = this.#state;
    const due = await steps.read(() => errands.dueBy(platform.clock.now(), most));
    for (let first = 0; first < due.length; first += ERRANDS_AT_ONCE_MAX_COUNT) {
      const some = due.slice(first, first + ERRANDS_AT_ONCE_MAX_COUNT);
      await Promise.all(some.map((ns) => this.deliver(ns)));
    }
  }

  async #deliver(ns: string): Promise<boolean> {
    const { steps, namespaces, errands, platform } = this.#state;
    // Errands are delivered only once they are durable.
    const { namespace, pending } = await steps.read(() => ({
      namespace: namespaces.find(ns),
      pending: errands.of(ns),
    }));
    if (pending.length === 0) return true;
    let isErased = false;
    if (namespace !== undefined) {
      try {
        isErased = await carryOut(platform.controlOf(ns, namespace.settings.placement), namespace, pending);
      } catch (error) {
        const reason = String(error instanceof RegistryError ? (error.cause ?? error.message) : error);
        platform.log('warn', 'a namespace could not be notified; it will be retried', { namespace: ns, reason });
        await steps.change(() => errands.postpone(pending, platform.clock.now()));
        return false;
      }
    }
    await steps.change(() => this.#delivered(ns, pending, isErased));
    return true;
  }

  /** Records that errands were done: the namespace now exists, is erased, or stays because it is not empty. */
  #delivered(ns: string, done: readonly Errand[], isErased: boolean): void {
    const { namespaces, audit, errands } = this.#state;
    errands.remove(done);
    const namespace = namespaces.find(ns);
    if (namespace === undefined) return;
    const was = (kind: Errand['kind']) => done.some((errand) => errand.kind === kind);
    const isCreated = namespace.state === 'founding' && was('configure');
    // Meanwhile its removal by force may have been requested.
    const isForced = errands.of(ns).some(({ kind }) => kind === 'erase');
    const isKept = namespace.state === 'removing' && was('erase-if-empty') && !isErased && !isForced;
    if (isCreated || isKept) namespaces.put({ ...namespace, state: 'there', auditId: null });
    if (isErased) {
      namespaces.remove(ns);
      // Remaining errands are not for a later namespace of the same id.
      errands.remove(errands.of(ns));
    }
    if (namespace.auditId === null) return;
    if (isCreated || isErased) audit.end(namespace.auditId, {});
    if (isKept) audit.end(namespace.auditId, { code: 'CONFLICT' });
  }
}

/** Carries out the errands of a namespace. Returns true if it was erased, which makes the others obsolete. */
async function carryOut(
  control: NamespaceControl,
  namespace: NamespaceRow,
  pending: readonly Errand[],
): Promise<boolean> {
  const has = (kind: Errand['kind']) => pending.some((errand) => errand.kind === kind);
  if (has('erase') || has('erase-if-empty')) {
    if (await control.erase({ onlyIfEmpty: !has('erase') })) return true;
  }
  if (has('configure')) await control.configure(objectSettings(namespace));
  const tokens = pending.filter(({ kind }) => kind === 'close-sockets').map(({ token }) => token);
  if (tokens.length > 0) await control.closeSocketsOf(tokens);
  return false;
}
