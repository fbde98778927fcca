import type { RegistryHttp } from '../../client/wire/registry-http';
import { base64, bytesOf } from '../../model/bytes';
import { revisionOf } from '../../model/cursor';
import type { EntryRange } from '../../model/entry';
import { hasCode, RegistryError } from '../../model/errors';
import type { Grant } from '../../model/grant';
import type { GrantedLeaseDetail, GrantedLeaseList, GrantedLeaseView } from '../../model/granted-lease';
import type { KeyInterval } from '../../model/key-interval';
import { keyScopeOf } from '../../model/key-scope';
import { PAGE_MAX_COUNT } from '../../model/limits';
import type { Compare, Transaction, TransactionOperation } from '../../model/transaction';
import type { TransactionReport, TransactionResult } from '../../model/transaction-report';
import type { EtcdNamespace, Known, RangeCommand } from '../../protocols/etcd/etcd-namespace';
import { FrameWatches } from '../../protocols/etcd/frame-watches';
import { registryError } from '../sources/remote-errors';
import { type FrameCalls, isOutcomeUnknown } from './frame-calls';
import type { KeptLeases } from './kept-leases';

/** Parts of {@link farNamespace}. */
export interface FarNamespaceParts {
  id: string;
  grants: readonly Grant[];
  calls: FrameCalls;
  /** Requests over HTTP, for reads of the past, which have no frame. */
  http: RegistryHttp;
  leases: KeptLeases;
  /** Name of the client's token among the owners of leases. */
  owner: string;
}

/** Surface of leases that clients of etcd are granted. */
const door = 'etcd';

/** Returns a namespace of a registry elsewhere, for one token, whose permissions the registry checks. */
export function farNamespace({ id, grants, calls, http, leases, owner }: FarNamespaceParts): EtcdNamespace {
  /** Newest revision that an answer has had. */
  let seen: number | undefined;
  const transaction = async (body: object): Promise<TransactionReport> => {
    const report = await calls.ask<TransactionReport>({ type: 'transaction', transaction: body });
    seen = Math.max(seen ?? 0, report.revision);
    return report;
  };
  const headOf = async (): Promise<number> => (await transaction({ if: [], do: [], else: [] })).revision;
  const known = async <T>(body: Promise<T>): Promise<Known<T>> => {
    const [found, revision] = await Promise.all([body, headOf()]);
    return { revision, body: found };
  };

  const range = async ({ interval, atRevision, ...selection }: RangeCommand): Promise<Known<EntryRange>> => {
    if (atRevision !== undefined) {
      return { revision: atRevision, body: await pastRange(http, { interval, atRevision, ...selection }) };
    }
    const operation = { op: 'range' as const, interval, ...selection };
    const { revision, results } = await transaction(transactionJson({ if: [], do: [operation], else: [] }));
    return { revision, body: rangeIn(results[0]) };
  };

  return {
    id,
    grants,
    transaction: (command) => transaction(transactionJson(command)),
    range,
    compact: async (revision) => {
      await calls.ask({ type: 'compact-entries', revision });
      return { revision: await headOf(), body: undefined };
    },
    grantLease: async (command) => {
      const { keeper } = leases;
      const frame = { type: 'grant-lease', ...command, door, ...(keeper !== undefined && { keeper }) };
      const granting = async (): Promise<GrantedLeaseView> => {
        const view = await calls.ask<GrantedLeaseView>(frame).catch((error: unknown) => {
          if (keeper !== undefined && isOutcomeUnknown(error)) leases.outcomeUnknown(keeper);
          throw error;
        });
        // At once: the revision may fail to come, and the lease is there.
        leases.granted(view.alias ?? view.id, owner, view.ttlMs);
        return view;
      };
      return known(granting());
    },
    renewLease: async (lease) => {
      const renewing = leases.heard(lease, owner).catch(thrown);
      // A renewal changes no revision, so one that this client has seen will do.
      const [revision, renewed] = await Promise.all([seen ?? headOf(), renewing]);
      return { revision, body: { remainingMs: renewed && (renewed.remainingMs ?? Number.MAX_SAFE_INTEGER) } };
    },
    readLease: async (lease) => {
      const read = calls.ask<GrantedLeaseDetail>({ type: 'read-lease', lease, door });
      return known(
        read.catch((error: unknown) => {
          if (hasCode(error, 'LEASE_NOT_FOUND')) return undefined;
          throw error;
        }),
      );
    },
    listLeases: () => known(allLeases(calls)),
    revokeLease: async (lease) => {
      const { cursor } = await calls.ask<{ cursor: string }>({ type: 'revoke-lease', lease, door });
      leases.forget(lease);
      return { revision: revisionOf(cursor), body: undefined };
    },
    openWatches: () => new FrameWatches((listener) => calls.openSocket(listener)),
  };
}

/** Rethrows an error of a renewal as one of the registry. */
function thrown(error: unknown): never {
  throw error instanceof RegistryError ? error : registryError(error);
}

async function allLeases(calls: FrameCalls): Promise<GrantedLeaseView[]> {
  const leases: GrantedLeaseView[] = [];
  for (let after: string | undefined, isFirst = true; isFirst || after !== undefined; isFirst = false) {
    const page = await calls.ask<GrantedLeaseList>({
      type: 'list-leases',
      door,
      ...(after !== undefined && { after }),
    });
    leases.push(...page.leases);
    after = page.next;
  }
  return leases;
}

async function pastRange(http: RegistryHttp, command: RangeCommand): Promise<EntryRange> {
  const { interval, atRevision, limit, order, descending, keysOnly, countOnly } = command;
  try {
    const answer = await http.request('GET', `${http.namespacePath}/kv`, {
      query: {
        ...keysQuery(interval),
        at: `r${atRevision}`,
        limit: limit === undefined || limit > PAGE_MAX_COUNT ? undefined : limit,
        order,
        descending: descending || undefined,
        keysOnly: keysOnly || undefined,
        countOnly: countOnly || undefined,
      },
    });
    return (await answer.json()) as EntryRange; // `as`: what this route returns
  } catch (error) {
    throw registryError(error);
  }
}

const EMPTY: EntryRange = { entries: [], count: 0, more: false };

const rangeIn = (result: TransactionResult | undefined): EntryRange => (result?.op === 'range' ? result : EMPTY);

/** Encodes a string of one character a byte. */
const encoded = (bytes: string): string => base64(bytesOf(bytes));

/** Returns a transaction as requests and frames carry it. Operations on instances are not among those of etcd. */
function transactionJson({ if: compares, do: operations, else: others }: Transaction): object {
  return { if: compares.map(compareJson), do: operations.map(operationJson), else: others.map(operationJson) };
}

function compareJson(compare: Compare): object {
  const { interval, ...members } = compare;
  if (members.property !== 'value') return { ...members, ...keyScopeOf(interval) };
  const { operand, ...others } = members;
  return { ...others, operandBase64: encoded(operand), ...keyScopeOf(interval) };
}

function operationJson(operation: TransactionOperation): object {
  switch (operation.op) {
    case 'put': {
      const { key, value, ...members } = operation;
      const content = value === undefined ? { keepValue: true } : { valueBase64: encoded(value) };
      return { ...members, keyBase64: encoded(key), ...content };
    }
    case 'delete':
    case 'range': {
      const { interval, ...members } = operation;
      return { ...withoutFalse(members), ...keyScopeOf(interval) };
    }
    case 'transaction':
      return { op: 'transaction', ...transactionJson(operation) };
    default:
      return operation;
  }
}

/** Returns members without those that are false: such flags are either true or absent. */
function withoutFalse(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== false));
}

/** Returns keys as the query of a range names them: as base64url, since queries have no bytes. */
function keysQuery({ from, to }: KeyInterval): Record<string, string | boolean> {
  const safe = (bytes: string): string => encoded(bytes).replaceAll('+', '-').replaceAll('/', '_');
  return { base64: true, ...(from !== '' && { from: safe(from) }), ...(to !== undefined && { to: safe(to) }) };
}
