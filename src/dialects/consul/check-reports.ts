import { LRUCache } from 'lru-cache';
import type { CheckUpdate } from '../../codecs/consul/check';
import { differs, withResult } from '../../codecs/consul/check-result';
import type { KeptCheck } from '../../codecs/consul/kept';
import { REFUSALS } from '../../codecs/consul/refusals';
import { isRun, isTtl } from '../../codecs/consul/registration';
import { retried } from '../../http/dialect-calls/retried';
import type { RouteCall } from '../../http/pipeline/route-call';
import type { InstanceKey } from '../../model/batch';
import { countBound } from '../../model/cache-bound';
import { hasCode } from '../../model/errors';
import { readJsonText } from '../../model/json';
import { CONSUL_CHECKS_REMEMBERED_MAX_COUNT } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import type { CatalogCopies } from './catalog-copy';
import { findCheck, type HeldCheck } from './held-checks';

/** A check as its last result left it, which the next equal result need not read again. */
interface KnownCheck {
  key: InstanceKey;
  service: ServiceKey;
  /** Revision of the registration that has the check; undefined if it has no lease. */
  revision: number | undefined;
  check: Pick<KeptCheck, 'status' | 'output' | 'at'>;
  /** Program that has to report it; undefined: its client does. */
  runner: string | undefined;
}

/** A result of a check on a node. */
export interface Report {
  node: string;
  checkId: string;
  result: CheckUpdate;
  /** Name of the program that runs checks and sends this result, which may also forward those of clients. */
  runner: string | undefined;
  /** Instance that has the check, if the program says so. */
  only?: InstanceKey | undefined;
}

/** Takes the results of checks. One that changes nothing renews a lease in a single call to the namespace. */
export class CheckReports {
  readonly #copies: CatalogCopies;
  readonly #known = new LRUCache<string, KnownCheck>(countBound(CONSUL_CHECKS_REMEMBERED_MAX_COUNT));

  constructor(copies: CatalogCopies) {
    this.#copies = copies;
  }

  /** @throws {RegistryError} With Consul's status and text for an unknown check, and for one that is not to be reported. */
  async report(call: RouteCall, report: Report): Promise<void> {
    const { node, checkId, only } = report;
    // Tokens of several services may use the same id. Names can't contain a line break.
    const place = [call.namespace, call.tokenId, node.toLowerCase(), checkId];
    const name = [...place, ...(only === undefined ? [] : [only.group, only.service, only.id])].join('\n');
    if (await this.#repeat(call, name, report)) return;
    await retried(`the check "${checkId}"`, async () => {
      const held = findCheck(await this.#copies.of(call), call, { node, id: checkId, only });
      if (held === undefined) throw REFUSALS.unknownCheck(checkId);
      assertReported(held, report);
      const known = await applied(call, held, report.result);
      if (known === undefined) this.#known.delete(name);
      else this.#known.set(name, known);
    });
  }

  /** Renews the lease of a known check for a result that changes nothing. @returns False if the check must be read. */
  async #repeat(call: RouteCall, name: string, { result, runner }: Report): Promise<boolean> {
    const known = this.#known.get(name);
    if (known === undefined || !call.may('register', known.service)) return false;
    if (known.runner !== undefined && known.runner !== runner) return false;
    if (differs(known.check, result, call.surroundings.now())) return false;
    try {
      if ((await renewed(call, known.key)) === known.revision) return true;
    } catch (error) {
      if (!hasCode(error, 'INSTANCE_NOT_FOUND')) throw error;
    }
    this.#known.delete(name);
    return false;
  }
}

/** Refuses a result of a check that something else has to report. */
function assertReported({ check, runner }: HeldCheck, report: Report): void {
  if (isTtl(check) || (isRun(check) && report.runner !== undefined && runner === report.runner)) return;
  throw REFUSALS.notTtl(check.id);
}

/** Stores a result, or renews the lease. @returns The check, if the next result may rely on it. */
async function applied(call: RouteCall, held: HeldCheck, result: CheckUpdate): Promise<KnownCheck | undefined> {
  const { key, service, check, runner, renews } = held;
  const now = call.surroundings.now();
  if (!differs(check, result, now)) {
    // The lease of an instance that a critical check removes runs out.
    if (!renews || held.isBeingRemoved) return undefined;
    const revision = await renewed(call, key);
    return revision === held.revision ? { key, service, revision, check, runner } : undefined;
  }
  const next = withResult(check, result, now);
  const changes = held.replace(next);
  const command = { key, ...changes, renew: renews && !held.isBeingRemoved, precondition: { revision: held.revision } };
  const { body } = await call.calls.patch(call.callerWithOrigin, command);
  if (!renews || changes.lease !== undefined || held.isBeingRemoved) return undefined;
  return { key, service, revision: readJsonText(body).revision, check: next, runner };
}

/** Renews a lease. @returns The revision of the registration; undefined if it has no lease. */
async function renewed({ calls, caller }: RouteCall, key: InstanceKey): Promise<number | undefined> {
  try {
    return readJsonText((await calls.renew(caller, key)).body).revision;
  } catch (error) {
    if (hasCode(error, 'CONFLICT')) return undefined;
    throw error;
  }
}
