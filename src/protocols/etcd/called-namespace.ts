import { revisionOf } from '../../model/cursor';
import { hasCode } from '../../model/errors';
import type { Grant } from '../../model/grant';
import type { GrantedLeaseView } from '../../model/granted-lease';
import { type JsonText, readJsonText } from '../../model/json';
import type { KeyInterval } from '../../model/key-interval';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { Transaction } from '../../model/transaction';
import type { EtcdNamespace, Known } from './etcd-namespace';
import { FrameWatches, type OpenSocket } from './frame-watches';

/** Checks of what the caller may do. All throw `FORBIDDEN`. */
export interface Permissions {
  carryOut(transaction: Transaction): void;
  read(keys: KeyInterval): void;
  /** To hold leases. */
  hold(): void;
  /** To change what belongs to others. */
  operate(): void;
}

/** Parts of {@link calledNamespace}. */
export interface NamespaceParts {
  id: string;
  calls: NamespaceApi;
  caller: Caller;
  grants: readonly Grant[];
  permissions: Permissions;
  openSocket: OpenSocket;
}

/** Surface of leases that clients of etcd are granted. */
const door = 'etcd';

const known = <T>({ cursor, body }: { cursor: string; body: JsonText<T> }): Known<T> => ({
  revision: revisionOf(cursor),
  body: readJsonText(body),
});

/** Returns a namespace that this process can call, for one caller. */
export function calledNamespace(parts: NamespaceParts): EtcdNamespace {
  const { id, calls, caller, grants, permissions, openSocket } = parts;
  const renewed = async (lease: string): Promise<Known<{ remainingMs: number | undefined }>> => {
    const { revision, body } = known(await calls.renewLeases(caller, [{ lease, door }]));
    const [found] = body.renewed;
    // A lease without a time to live is not one of etcd's.
    return { revision, body: { remainingMs: found && (found.remainingMs ?? Number.MAX_SAFE_INTEGER) } };
  };
  return {
    id,
    grants,
    transaction: async (transaction) => {
      permissions.carryOut(transaction);
      const { body } = await calls.transaction(caller, transaction);
      return readJsonText(body);
    },
    range: async ({ atRevision, ...command }) => {
      permissions.read(command.interval);
      const at = atRevision === undefined ? undefined : `r${atRevision}`;
      const { cursor, body } = await calls.rangeEntries({ ...command, at, tokenId: caller.tokenId });
      return { revision: revisionOf(cursor), body: body === null ? NO_ENTRIES : readJsonText(body) };
    },
    compact: async (revision) => {
      permissions.operate();
      const { cursor } = await calls.compactEntries(caller, { revision });
      return { revision: revisionOf(cursor), body: undefined };
    },
    grantLease: async (command) => {
      permissions.hold();
      return known(await calls.grantLease(caller, { ...command, door }));
    },
    renewLease: async (lease) => {
      permissions.hold();
      return renewed(lease);
    },
    readLease: async (lease) => {
      permissions.hold();
      try {
        return known(await calls.readLease(caller, { lease, door }));
      } catch (error) {
        if (!hasCode(error, 'LEASE_NOT_FOUND')) throw error;
        // A renewal of no lease changes nothing, and has the revision.
        const { revision } = await renewed(lease);
        return { revision, body: undefined };
      }
    },
    listLeases: async () => {
      permissions.hold();
      const leases: GrantedLeaseView[] = [];
      let revision = 0;
      for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
        const page = known(await calls.listLeases(caller, { door, after }));
        revision = page.revision;
        leases.push(...page.body.leases);
        after = page.body.next;
      }
      return { revision, body: leases };
    },
    revokeLease: async (lease) => {
      permissions.hold();
      const { cursor } = await calls.revokeLease(caller, { lease, door });
      return { revision: revisionOf(cursor), body: undefined };
    },
    openWatches: () => new FrameWatches(openSocket),
  };
}

const NO_ENTRIES = { entries: [], count: 0, more: false };
