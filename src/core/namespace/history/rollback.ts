import type { RollbackReport } from '../../../model/history';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import type { Override } from '../../../model/override';
import { assertOperates } from '../access/ownership';
import type { Draft } from '../commit/draft';
import { compare } from '../records/catalog';
import type { ServiceEntry } from '../records/catalog-entries';
import { decodeOverride, decodeService } from '../records/records';
import type { ServiceRecords } from './service-past';

/** The changes that a rollback made. */
export type RolledBack = Pick<RollbackReport, 'service' | 'restored' | 'removed' | 'gone'>;

/**
 * Restores the settings of a service and the overrides of its instances. Registrations are not changed, and an instance that
 * is gone stays gone. If everything is already as it was, nothing changes, so a rollback may be repeated.
 *
 * @param then The service as it was.
 * @param today The service as it is.
 * @throws {RegistryError} `FORBIDDEN`, `LIMIT_EXCEEDED`.
 */
export function rollBack(
  draft: Draft,
  caller: Caller,
  key: ServiceKey,
  then: ServiceRecords,
  today: ServiceEntry | undefined,
): RolledBack {
  assertOperates(caller, key);
  const report: RolledBack = {
    service: rollBackService(draft, caller, key, then),
    restored: [],
    removed: [],
    gone: [],
  };
  const ids = new Set([...then.overrides.keys(), ...(today?.overrides.keys() ?? [])]);
  for (const id of [...ids].sort(compare)) {
    const instance = { ...key, id };
    const now = draft.override(instance)?.record.override;
    const text = then.overrides.get(id)?.text;
    const override =
      text === undefined ? undefined : withoutEndedQuarantine(decodeOverride(text).override, draft.stamp);
    if (JSON.stringify(now) === JSON.stringify(override)) continue;
    if (override === undefined) {
      draft.putOverride(instance, null, 'rolled-back');
      report.removed.push(id);
    } else if (now === undefined && draft.instance(instance) === undefined) {
      report.gone.push(id);
    } else {
      draft.putOverride(instance, { override, actor: caller.tokenId, updatedAt: draft.stamp }, 'rolled-back');
      report.restored.push(id);
    }
  }
  return report;
}

function rollBackService(
  draft: Draft,
  { tokenId: actor }: Caller,
  key: ServiceKey,
  { own }: ServiceRecords,
): RolledBack['service'] {
  const now = draft.service(key)?.record;
  const definition = own === undefined ? undefined : decodeService(own.text).definition;
  if (JSON.stringify(now?.definition) === JSON.stringify(definition)) return undefined;
  if (definition === undefined) {
    draft.putService(key, null, 'rolled-back');
    return 'removed';
  }
  draft.putService(key, { definition, createdRevision: now?.createdRevision ?? draft.revision, actor }, 'rolled-back');
  return 'restored';
}

/** Returns an override without a quarantine that would have ended by now; undefined if nothing else is left. */
function withoutEndedQuarantine(override: Override, now: number): Override | undefined {
  const { quarantine, ...rest } = override;
  if (quarantine?.until === undefined || Date.parse(quarantine.until) > now) return override;
  return Object.keys(rest).length > 0 ? rest : undefined;
}
