import {
  type Compare as EtcdCompare,
  Compare_CompareResult as Result,
  Compare_CompareTarget as Target,
} from '../../codecs/etcd/messages/rpc_pb';
import { registryRevision } from '../../codecs/etcd/numbers';
import { ETCD_ERRORS, etcdError, GRPC } from '../../codecs/etcd/refusals';
import { byteString } from '../../model/bytes';
import type { KeyInterval } from '../../model/key-interval';
import type { Compare, Relation } from '../../model/transaction';
import { requestedInterval } from './key-values';

const RELATIONS: Readonly<Record<Result, Relation>> = {
  [Result.EQUAL]: '=',
  [Result.GREATER]: '>',
  [Result.LESS]: '<',
  [Result.NOT_EQUAL]: '!=',
};

/** Returns a compare that holds for no entry and for no missing one: no version is below 0. */
const never = (interval: KeyInterval): Compare => ({ interval, property: 'version', is: '<', operand: 0 });

/**
 * Returns the conditions that a compare of etcd stands for: none if it always holds.
 *
 * @throws {RegistryError} With etcd's text if it has no key, or is none.
 */
export function comparesOf(compare: EtcdCompare): Compare[] {
  const { key, rangeEnd, targetUnion } = compare;
  const interval = requestedInterval(key, rangeEnd);
  const is = RELATIONS[compare.result];
  if (is === undefined) throw unknownCompare(`result ${compare.result}`);
  switch (compare.target) {
    case Target.VALUE: {
      const value = targetUnion.case === 'value' ? targetUnion.value : new Uint8Array(0);
      return [{ interval, property: 'value', is, operand: byteString(value) }];
    }
    case Target.VERSION:
      return versionCompares(interval, is, targetUnion.case === 'version' ? targetUnion.value : 0n);
    case Target.CREATE: {
      const revision = targetUnion.case === 'createRevision' ? targetUnion.value : 0n;
      return revisionCompares(interval, 'createdRevision', is, revision);
    }
    case Target.MOD:
      return revisionCompares(interval, 'revision', is, targetUnion.case === 'modRevision' ? targetUnion.value : 0n);
    case Target.LEASE:
      return [leaseCompare(interval, is, targetUnion.case === 'lease' ? targetUnion.value : 0n)];
    default:
      throw unknownCompare(`target ${compare.target}`);
  }
}

const unknownCompare = (what: string) => etcdError(GRPC.invalidArgument, `etcdserver: unknown compare ${what}`);

/** Versions are the same here and there, but the registry's own limits of operands are not those of 64 bits. */
function versionCompares(interval: KeyInterval, is: Relation, operand: bigint): Compare[] {
  if (operand < 0n) return is === '>' || is === '!=' ? [] : [never(interval)];
  return [{ interval, property: 'version', is, operand: Number(operand) }];
}

/**
 * Compares a revision, which is one less here than etcd's clients see. A missing entry has 0 in both, so compares with 0 and
 * 1 are about whether there is an entry.
 */
function revisionCompares(
  interval: KeyInterval,
  property: 'createdRevision' | 'revision',
  is: Relation,
  operand: bigint,
): Compare[] {
  const absent: Compare = { interval, property: 'exists', operand: false };
  const present: Compare = { interval, property: 'exists', operand: true };
  if (operand < 0n) return is === '>' || is === '!=' ? [] : [never(interval)];
  if (operand === 0n) return is === '=' ? [absent] : is === '<' ? [never(interval)] : [present];
  // Every entry has a revision of at least 2.
  if (operand === 1n) return is === '=' ? [never(interval)] : is === '<' ? [absent] : is === '>' ? [present] : [];
  return [{ interval, property, is, operand: registryRevision(operand) }];
}

/** Compares the number of a lease, 0 for none. */
const leaseCompare = (interval: KeyInterval, is: Relation, operand: bigint): Compare => ({
  interval,
  property: 'lease',
  is,
  operand: operand === 0n ? null : String(operand),
  door: 'etcd',
});

/** @throws {RegistryError} With etcd's text if a compare has no key. */
export function assertCompareKeys(compares: readonly EtcdCompare[]): void {
  for (const { key } of compares) if (key.length === 0) throw ETCD_ERRORS.emptyKey();
}
