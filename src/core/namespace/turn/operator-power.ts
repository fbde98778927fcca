import type { AuditAction, AuditNote } from '../../../model/audit';
import type { InstanceKey } from '../../../model/batch';
import { hasCode } from '../../../model/errors';
import type { Caller, ServiceKey } from '../../../model/namespace-api';
import { joinedName } from '../../../model/service-name';
import { operatesOn } from '../access/ownership';
import { shareOf } from '../access/shares';
import type { Draft } from '../commit/draft';
import type { Catalog } from '../records/catalog';
import { isOwnedBy } from '../records/records';
import { accounted } from './accounted';
import { change } from './turn';
import type { TurnState } from './turn-state';

/** What a call does with the power of an operator. */
export interface Deed {
  action: AuditAction;
  /** What it is done to. */
  key: ServiceKey | InstanceKey;
  /** For people. Never a secret. */
  detail?: string | undefined;
}

/** A deed, as it is written down. */
export function noteOf({ tokenId, address }: Caller, { action, key, detail }: Deed): AuditNote {
  return { action, actor: tokenId, address, target: targetOf(key), detail };
}

/** Whether an instance is there, and another's: to change it then takes an operator. */
export function isForeign(catalog: Catalog, { tokenId }: Caller, key: InstanceKey): boolean {
  const entry = catalog.instance(key);
  return entry !== undefined && !isOwnedBy(entry.text, tokenId);
}

/**
 * Runs one call that changes something, maybe with the power of an operator; that is accounted for, and is not there for
 * what was not. Whoever does no such thing waits for no audit trail.
 *
 * @param deed What takes an operator, as things stand; undefined where nothing does.
 * @param act Does it, in the name of the caller that it is given, and calls `changed` once it has changed something.
 * @throws {RegistryError} `UNAVAILABLE` where it can't be written down; else what `act` throws.
 */
export function withPower<Outcome>(
  state: TurnState,
  caller: Caller,
  deed: () => Deed | undefined,
  act: (by: Caller, changed?: () => void) => Promise<Outcome>,
): Promise<Outcome> {
  if (caller.operates === undefined || caller.operates === false) return act(caller);
  const found = deedOf(caller, deed);
  const account = (done: Deed) => accounted(state, noteOf(caller, done), (changed) => act(caller, changed));
  if (found !== undefined) return account(found);
  // It goes without its power, and keeps its share.
  return act({ ...caller, operates: false, share: shareOf(caller) }).catch((error: unknown) => {
    // An instance may have become another's while a long sweep went first: nothing has happened, and now it takes power.
    const late = hasCode(error, 'FORBIDDEN') ? deedOf(caller, deed) : undefined;
    if (late === undefined) throw error;
    return account(late);
  });
}

/** {@link change}, maybe with the power of an operator: see {@link withPower}. */
export function changeWithPower<Outcome, Result>(
  state: TurnState,
  caller: Caller,
  scope: ServiceKey | undefined,
  deed: () => Deed | undefined,
  decide: (draft: Draft, by: Caller) => Outcome,
  answer: (outcome: Outcome, draft: Draft) => Result,
): Promise<Result> {
  return withPower(state, caller, deed, (by, changed) =>
    change(state, by, scope, (draft) => decide(draft, by), answer, changed),
  );
}

/** What is refused anyway is no deed. */
function deedOf(caller: Caller, deed: () => Deed | undefined): Deed | undefined {
  const found = deed();
  return found !== undefined && operatesOn(caller, found.key) ? found : undefined;
}

function targetOf(key: ServiceKey | InstanceKey): string {
  const service = joinedName(key);
  return 'id' in key ? `${service}/${key.id}` : service;
}
