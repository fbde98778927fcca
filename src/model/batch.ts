import { z } from 'zod';
import type { SharedDocument } from './dialect-reads';
import {
  definitionProblem,
  EMPTY_PATCH_PROBLEM,
  type InstanceDefinition,
  type InstancePatch,
  instanceMembers,
  patchMembers,
} from './instance';
import { isRecord } from './json';
import { grantLease } from './lease';
import { BATCH_OPERATIONS_MAX_COUNT, HEARTBEAT_INSTANCES_MAX_COUNT } from './limits';
import { GroupName, InstanceId, isPlainName, ServiceName, StoredGroupName, StoredServiceName } from './names';
import { EMPTY_OVERRIDE_PROBLEM, type Override, overrideMembers } from './override';
import { plainDefinition } from './plain-definition';
import { DEFAULT_GROUP } from './service-name';
import { withShortcut } from './shortcut';

/** Names an instance in a body. */
export const InstanceKey = z.strictObject({
  group: StoredGroupName.default(DEFAULT_GROUP),
  service: StoredServiceName,
  id: InstanceId,
});
export type InstanceKey = z.output<typeof InstanceKey>;

/** Names an instance that is created. */
export const NewInstanceKey = InstanceKey.extend({ group: GroupName.default(DEFAULT_GROUP), service: ServiceName });

/** What must hold of a record, or its change is refused with `REVISION_MISMATCH`. */
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

const names = {
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

/** A registration in a batch, without a shortcut. */
export const WholeRegistration = z
  .strictObject({ op: z.literal('register'), ...names, ...NewInstanceKey.shape, ...instanceMembers })
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

/** Members of a registration in a batch that are not the definition's. One with a precondition is left to the schema. */
const PLAIN_NAMES: ReadonlySet<string> = new Set(['op', 'group', 'service', 'id']);

/** What {@link WholeRegistration} makes of a registration as nearly all are; undefined where only the schema can tell. */
export function plainRegistration(value: unknown): Operation | undefined {
  if (!isRecord(value) || value.op !== 'register') return undefined;
  const { group = DEFAULT_GROUP, service, id } = value;
  if (!isPlainName(group) || !isPlainName(service) || !isPlainName(id)) return undefined;
  const definition = plainDefinition(value, PLAIN_NAMES);
  if (definition === undefined) return undefined;
  const precondition = { revision: undefined, absent: undefined };
  return { op: 'register', key: { group, service, id }, precondition, definition };
}

const RegisterOperation = withShortcut(WholeRegistration.clone(), plainRegistration);

const namesCount = (operation: object) =>
  Object.keys(operation).filter((member) => member !== 'op' && !Object.hasOwn(names, member)).length;

const UpdateOperation = z
  .strictObject({ op: z.literal('update'), ...names, ...patchMembers })
  .refine((operation) => namesCount(operation) > 0, EMPTY_PATCH_PROBLEM)
  .transform((operation): Operation => {
    const { key, precondition, body } = parted(operation);
    return { op: 'update', key, precondition, patch: body };
  });

const DeregisterOperation = z
  .strictObject({ op: z.literal('deregister'), ...names })
  .transform((operation): Operation => {
    const { key, precondition } = parted(operation);
    return { op: 'deregister', key, precondition };
  });

const OverrideOperation = z
  .strictObject({ op: z.literal('override'), ...names, ...overrideMembers })
  .refine((operation) => namesCount(operation) > 0, EMPTY_OVERRIDE_PROBLEM)
  .transform((operation): Operation => {
    const { key, precondition, body } = parted(operation);
    return { op: 'override', key, precondition, override: body };
  });

/** Body of a batch: all of it in one revision, or nothing. */
export const Batch = z
  .strictObject({
    operations: z
      .array(z.discriminatedUnion('op', [RegisterOperation, UpdateOperation, DeregisterOperation, OverrideOperation]))
      .min(1)
      .max(BATCH_OPERATIONS_MAX_COUNT),
  })
  .meta({ id: 'Batch' });

/** What became of one operation: the record's revision after it, or null where it is gone. */
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
