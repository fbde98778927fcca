import * as z from 'zod';
import type { SharedDocument } from './dialect-reads';
import { isPlainObject, withFastPath } from './fast-path';
import {
  definitionProblem,
  EMPTY_PATCH_PROBLEM,
  type InstanceDefinition,
  type InstancePatch,
  instanceMembers,
  patchMembers,
} from './instance';
import { grantLease } from './lease';
import { BATCH_OPERATIONS_MAX_COUNT, HEARTBEAT_INSTANCES_MAX_COUNT } from './limits';
import { GroupName, InstanceId, isPlainName, ServiceName, StoredGroupName, StoredServiceName } from './names';
import { EMPTY_OVERRIDE_PROBLEM, type Override, overrideMembers } from './override';
import { plainDefinition, plainMembers } from './plain-definition';
import { DEFAULT_GROUP } from './service-name';

/** Names an instance in a body. */
export const InstanceKey = z.strictObject({
  group: StoredGroupName.default(DEFAULT_GROUP),
  service: StoredServiceName,
  id: InstanceId,
});
export type InstanceKey = z.output<typeof InstanceKey>;

/** Names an instance that is created. */
export const NewInstanceKey = InstanceKey.extend({ group: GroupName.default(DEFAULT_GROUP), service: ServiceName });

/** Condition of a change: a record that does not meet it is refused with `REVISION_MISMATCH`. */
export interface Precondition {
  /** The record exists and has this revision. */
  revision?: number | undefined;
  /** True: there is no such record. False: there is one. */
  absent?: boolean | undefined;
  /** The record is unchanged since this cursor. */
  cursor?: string | undefined;
}

/** One change of a batch, as the core takes it. */
export type Operation = { key: InstanceKey; precondition: Precondition } & (
  | { op: 'register'; definition: InstanceDefinition; document?: SharedDocument | undefined }
  | { op: 'update'; patch: InstancePatch }
  | { op: 'deregister' }
  | { op: 'override'; override: Override }
);

/** Members that name the instance of an operation, and its precondition. */
export const operationNames = {
  ...InstanceKey.shape,
  ifRevision: z.int().min(0).optional().meta({ description: 'The record has this revision' }),
  ifAbsent: z.literal(true).optional().meta({ description: 'There is no such record' }),
};

type Named = InstanceKey & { ifRevision?: number | undefined; ifAbsent?: true | undefined };

/** Parts an operation into its names, its precondition, and the members of the single call's body. */
function parted<T extends Named & { op: string }>(operation: T) {
  const { op: _op, group, service, id, ifRevision, ifAbsent, ...body } = operation;
  return { key: { group, service, id }, precondition: { revision: ifRevision, absent: ifAbsent }, body };
}

const RegisterOperation = z
  .strictObject({ op: z.literal('register'), ...operationNames, ...NewInstanceKey.shape, ...instanceMembers })
  .check((payload) => {
    const problem = definitionProblem(payload.value);
    if (problem !== undefined) payload.issues.push({ code: 'custom', message: problem, input: payload.value });
  })
  .transform((operation): Operation => {
    const { key, precondition, body } = parted(operation);
    return {
      op: 'register',
      key,
      precondition,
      definition: { ...body, lease: body.ephemeral ? grantLease(body.lease) : null },
    };
  });

const namesCount = (operation: object) =>
  Object.keys(operation).filter((member) => member !== 'op' && !Object.hasOwn(operationNames, member)).length;

const UpdateOperation = z
  .strictObject({ op: z.literal('update'), ...operationNames, ...patchMembers })
  .refine((operation) => namesCount(operation) > 0, EMPTY_PATCH_PROBLEM)
  .transform((operation): Operation => {
    const { key, precondition, body } = parted(operation);
    return { op: 'update', key, precondition, patch: body };
  });

const DeregisterOperation = z
  .strictObject({ op: z.literal('deregister'), ...operationNames })
  .transform((operation): Operation => {
    const { key, precondition } = parted(operation);
    return { op: 'deregister', key, precondition };
  });

const OverrideOperation = z
  .strictObject({ op: z.literal('override'), ...operationNames, ...overrideMembers })
  .refine((operation) => namesCount(operation) > 0, EMPTY_OVERRIDE_PROBLEM)
  .transform((operation): Operation => {
    const { key, precondition, body } = parted(operation);
    return { op: 'override', key, precondition, override: body };
  });

const Operations = z
  .array(z.discriminatedUnion('op', [RegisterOperation, UpdateOperation, DeregisterOperation, OverrideOperation]))
  .min(1)
  .max(BATCH_OPERATIONS_MAX_COUNT);

/** Members of a registration that has no precondition; one with a precondition is left to the schema. */
const REGISTRATION_MEMBERS = plainMembers('op', 'group', 'service', 'id');

/** Reads a registration in a batch as nearly all are; undefined where only the schema can judge it. */
function plainRegistration(value: unknown): Operation | undefined {
  if (!isPlainObject(value) || value.op !== 'register') return undefined;
  const { group = DEFAULT_GROUP, service, id } = value;
  if (!isPlainName(group) || !isPlainName(service) || !isPlainName(id)) return undefined;
  const definition = plainDefinition(value, REGISTRATION_MEMBERS);
  if (definition === undefined) return undefined;
  const precondition = { revision: undefined, absent: undefined };
  return { op: 'register', key: { group, service, id }, precondition, definition };
}

/**
 * Fast path of the operations of a batch: plain registrations are read here, and only the others by the schema. It is
 * undefined where the schema refuses any: then it parses all of them once more, and names each fault by its place.
 */
export function plainOperations(value: unknown): Operation[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > BATCH_OPERATIONS_MAX_COUNT) return undefined;
  // A copy by index: `map` and `filter` pass over the holes of an array, which the schema refuses.
  const given: unknown[] = Array.from(value);
  const read = given.map(plainRegistration);
  const others = given.filter((_, index) => read[index] === undefined);
  if (others.length === 0) return read as Operation[]; // `as`: none of them is undefined
  if (others.length === given.length) return undefined;
  const parsed = Operations.safeParse(others);
  if (!parsed.success) return undefined;
  const rest = parsed.data.values();
  return read.map((operation) => operation ?? (rest.next().value as Operation)); // `as`: one for each that was not read
}

/** Body of a batch: all of it in one revision, or nothing. */
export const Batch = withFastPath(z.strictObject({ operations: Operations }).meta({ id: 'Batch' }), (value) => {
  if (!isPlainObject(value)) return undefined;
  for (const member in value) if (member !== 'operations') return undefined;
  const operations = plainOperations(value.operations);
  return operations && { operations };
});

/** Result of one operation: the record's revision after it, or null where it is gone. */
export const OperationResult = z
  .object({
    outcome: z.enum(['created', 'changed', 'unchanged', 'removed', 'absent']),
    id: z.string(),
    revision: z.int().nullable(),
  })
  .meta({ id: 'OperationResult' });
export type OperationResult = z.output<typeof OperationResult>;

/** Answer to a batch. `revision` is the namespace's: a new one where anything changed. */
export const BatchReport = z
  .object({ cursor: z.string(), revision: z.int(), results: z.array(OperationResult) })
  .meta({ id: 'BatchReport' });
export type BatchReport = z.output<typeof BatchReport>;

/** Body of a heartbeat for many instances. */
export const HeartbeatBatch = z
  .strictObject({
    instances: z.array(InstanceKey).min(1).max(HEARTBEAT_INSTANCES_MAX_COUNT),
  })
  .meta({ id: 'HeartbeatBatch' });

/** Answer to a heartbeat for many: those it does not know must register again. */
export const HeartbeatReport = z
  .object({ renewed: z.int(), unknown: z.array(z.object({ group: z.string(), service: z.string(), id: z.string() })) })
  .meta({ id: 'HeartbeatReport' });
export type HeartbeatReport = z.output<typeof HeartbeatReport>;
