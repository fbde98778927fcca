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

/** Key of an instance in a body. */
export const InstanceKey = z.strictObject({
  group: StoredGroupName.default(DEFAULT_GROUP),
  service: StoredServiceName,
  id: InstanceId,
});
export type InstanceKey = z.output<typeof InstanceKey>;

/** Key of an instance that is created. */
export const NewInstanceKey = InstanceKey.extend({ group: GroupName.default(DEFAULT_GROUP), service: ServiceName });

/** Condition of a change: a record that does not meet it is refused with `REVISION_MISMATCH`. */
export interface Precondition {
  /** The record exists and has this revision. */
  revision?: number | undefined;
  /** True: the record does not exist. False: it exists. */
  absent?: boolean | undefined;
  /** The record has not changed since this cursor. */
  cursor?: string | undefined;
}

/** Returns the condition that a record is still as it was read; undefined: that there is still none. */
export const asRead = (record: { revision: number } | undefined): Precondition =>
  record === undefined ? { absent: true } : { revision: record.revision };

/** One change of a batch, in the form that the core takes. */
export type Operation = { key: InstanceKey; precondition: Precondition } & (
  | { op: 'register'; definition: InstanceDefinition; document?: SharedDocument | undefined }
  | { op: 'update'; patch: InstancePatch }
  | { op: 'deregister' }
  | { op: 'override'; override: Override }
);

/** Members of an operation that identify its instance and state its precondition. */
export const operationNames = {
  ...InstanceKey.shape,
  ifRevision: z.int().min(0).optional().meta({ description: 'Only if the record has this revision' }),
  ifAbsent: z.literal(true).optional().meta({ description: 'Only if the record does not exist' }),
};

type Named = InstanceKey & { ifRevision?: number | undefined; ifAbsent?: true | undefined };

/** Splits an operation into its key, its precondition and the body that the corresponding single call takes. */
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

/** Schemas of the operations on an instance. */
export const INSTANCE_OPERATIONS = [
  RegisterOperation,
  UpdateOperation,
  DeregisterOperation,
  OverrideOperation,
] as const;

const Operations = z.array(z.discriminatedUnion('op', INSTANCE_OPERATIONS)).min(1).max(BATCH_OPERATIONS_MAX_COUNT);

/** Members of a registration without a precondition. The schema parses those that have one. */
const REGISTRATION_MEMBERS = plainMembers('op', 'group', 'service', 'id');

/** Reads a registration of the common form; undefined if only the schema can judge it. */
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
 * Fast path for the operations of a batch: reads plain registrations itself and leaves the others to the schema. Returns
 * undefined if the schema refuses one; the schema then parses all of them again, so that each error has the right path.
 */
export function plainOperations(value: unknown): Operation[] | undefined {
  if (!Array.isArray(value) || value.length === 0 || value.length > BATCH_OPERATIONS_MAX_COUNT) return undefined;
  // Copied by index: `map` and `filter` skip the holes of a sparse array, which the schema refuses.
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

/** Body of a batch. All of its operations are applied in one revision, or none. */
export const Batch = withFastPath(z.strictObject({ operations: Operations }).meta({ id: 'Batch' }), (value) => {
  if (!isPlainObject(value)) return undefined;
  for (const member in value) if (member !== 'operations') return undefined;
  const operations = plainOperations(value.operations);
  return operations && { operations };
});

/** Result of one operation: the record's revision after it, or null if the record no longer exists. */
export const OperationResult = z
  .object({
    outcome: z.enum(['created', 'changed', 'unchanged', 'removed', 'absent']),
    id: z.string(),
    revision: z.int().nullable(),
  })
  .meta({ id: 'OperationResult' });
export type OperationResult = z.output<typeof OperationResult>;

/** Response to a batch. `revision` is that of the namespace: a new one if anything changed. */
export const BatchReport = z
  .object({ cursor: z.string(), revision: z.int(), results: z.array(OperationResult) })
  .meta({ id: 'BatchReport' });
export type BatchReport = z.output<typeof BatchReport>;

/** Body of a heartbeat for several instances. */
export const HeartbeatBatch = z
  .strictObject({
    instances: z.array(InstanceKey).min(1).max(HEARTBEAT_INSTANCES_MAX_COUNT),
  })
  .meta({ id: 'HeartbeatBatch' });

/** Response to a heartbeat for several instances. Those in `unknown` must register again. */
export const HeartbeatReport = z
  .object({ renewed: z.int(), unknown: z.array(z.object({ group: z.string(), service: z.string(), id: z.string() })) })
  .meta({ id: 'HeartbeatReport' });
export type HeartbeatReport = z.output<typeof HeartbeatReport>;
