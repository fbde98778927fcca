import type { NamespaceControl } from '../../model/directory-api';
import { RegistryError } from '../../model/errors';
import { ERRANDS_AT_ONCE_MAX_COUNT } from '../../model/limits';
import type { DirectoryState } from './directory-state';
import type { Errand } from './errand-rows';
import { type NamespaceRow, toldSettings } from './namespace-rows';

/**
 * Tells namespaces what they have to be told, each at least once. What a namespace is told goes in order, one after the
 * other; namespaces are told side by side.
 */
export class Courier {
  readonly #state: DirectoryState;
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(state: DirectoryState) {
    this.#state = state;
  }

  /**
   * Tells one namespace all that it has to be told by now.
   *
   * @returns Whether it was told; if not, the alarm tries again.
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

  /** Tells namespaces what is due, at most `most` of them. */
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
    // Nothing is told that a crash could undo.
    const { namespace, pending } = await steps.read(() => ({
      namespace: namespaces.find(ns),
      pending: errands.of(ns),
    }));
    if (pending.length === 0) return true;
    let isErased = false;
    if (namespace !== undefined) {
      try {
        isErased = await tell(platform.controlOf(ns, namespace.settings.placement), namespace, pending);
      } catch (error) {
        const reason = String(error instanceof RegistryError ? (error.cause ?? error.message) : error);
        platform.log('warn', 'a namespace could not be told; it is tried again', { namespace: ns, reason });
        await steps.change(() => errands.postpone(pending, platform.clock.now()));
        return false;
      }
    }
    await steps.change(() => this.#told(ns, pending, isErased));
    return true;
  }

  /** What was asked of a namespace has happened: it is there, or no more; or it is not empty, and stays. */
  #told(ns: string, done: readonly Errand[], isErased: boolean): void {
    const { namespaces, audit, errands } = this.#state;
    errands.remove(done);
    const namespace = namespaces.find(ns);
    if (namespace === undefined) return;
    const was = (kind: Errand['kind']) => done.some((errand) => errand.kind === kind);
    const isFounded = namespace.state === 'founding' && was('configure');
    // Meanwhile somebody may have asked for its end by force.
    const isForced = errands.of(ns).some(({ kind }) => kind === 'erase');
    const isKept = namespace.state === 'removing' && was('erase-if-empty') && !isErased && !isForced;
    if (isFounded || isKept) namespaces.put({ ...namespace, state: 'there', auditId: null });
    if (isErased) {
      namespaces.remove(ns);
      // What it had to be told yet is not for the next one of its name.
      errands.remove(errands.of(ns));
    }
    if (namespace.auditId === null) return;
    if (isFounded || isErased) audit.end(namespace.auditId, {});
    if (isKept) audit.end(namespace.auditId, { code: 'CONFLICT' });
  }
}

/** One that is no more has nothing else to hear. Returns whether it is. */
async function tell(control: NamespaceControl, namespace: NamespaceRow, pending: readonly Errand[]): Promise<boolean> {
  const has = (kind: Errand['kind']) => pending.some((errand) => errand.kind === kind);
  if (has('erase') || has('erase-if-empty')) {
    if (await control.erase({ onlyIfEmpty: !has('erase') })) return true;
  }
  if (has('configure')) await control.configure(toldSettings(namespace));
  const tokens = pending.filter(({ kind }) => kind === 'close-sockets').map(({ token }) => token);
  if (tokens.length > 0) await control.closeSocketsOf(tokens);
  return false;
}
