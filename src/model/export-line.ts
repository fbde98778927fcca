import * as z from 'zod';
import { type InstanceKey, NewInstanceKey } from './batch';
import { isPlainObject, withFastPath } from './fast-path';
import { definitionProblem, type InstanceDefinition, instanceMembers, Location } from './instance';
import { grantLease } from './lease';
import { GroupName, isPlainName, ServiceName, ShortName } from './names';
import { EMPTY_OVERRIDE_PROBLEM, type Override, overrideMembers } from './override';
import { plainDefinition, plainMembers } from './plain-definition';
import { ServiceDefinition } from './service';
import { DEFAULT_GROUP } from './service-name';

/**
 * The lines of an exported namespace: a header, a line for each record in any order, and an end. docs/export.md
 * describes them; these schemas are what is taken.
 */

/** Version of the format. A file of a newer one is refused: going on could lose what that version knows. */
export const EXPORT_VERSION = 1;

/** How many records of each kind there are. */
export const RecordCounts = z.object({
  services: z.int().min(0),
  overrides: z.int().min(0),
  instances: z.int().min(0),
});
export type RecordCounts = z.output<typeof RecordCounts>;

/** The first line. Only kind and version are needed to import what follows. */
export const ExportHeader = z.looseObject({
  kind: z.literal('rollcall-export', { error: 'must be "rollcall-export": the file has to begin with its header' }),
  version: z.int().min(1),
  namespace: z.string().optional(),
  at: z.string().optional(),
  cursor: z.string().optional(),
  epoch: z.string().optional(),
  revision: z.number().optional(),
  counts: RecordCounts.optional(),
});
export type ExportHeader = z.output<typeof ExportHeader>;

/** The last line: what came before it, so that a file that was cut off is known by its lack. */
export const ExportEnd = z.strictObject({ kind: z.literal('end'), ...RecordCounts.shape });

/** What a service has of its own. One that exists by its instances alone has no line. */
export interface ImportedService {
  kind: 'service';
  group: string;
  service: string;
  definition: ServiceDefinition;
}

/** What operators say about an instance. */
export interface ImportedOverride extends InstanceKey {
  kind: 'override';
  override: Override;
  /** Id of the token that said so; whoever imports it, where it is left out. */
  actor?: string | undefined;
  /** Milliseconds since the epoch; now, where it is left out. */
  updatedAt?: number | undefined;
}

/** All that a registration says, and whose it is. */
export interface ImportedInstance extends InstanceKey {
  kind: 'instance';
  definition: InstanceDefinition;
  /** Id of the token; whoever imports it, where it is left out. */
  owner?: string | undefined;
  /** Where the registering request came from, where the registration does not say. */
  place?: Location | undefined;
}

export type ImportedRecord = ImportedService | ImportedOverride | ImportedInstance;

const ServiceLine = z
  .strictObject({
    kind: z.literal('service'),
    group: GroupName.default(DEFAULT_GROUP),
    service: ServiceName,
    ...ServiceDefinition.shape,
  })
  .transform(({ kind, group, service, ...definition }): ImportedService => ({ kind, group, service, definition }));

const OverrideLine = z
  .strictObject({
    kind: z.literal('override'),
    ...NewInstanceKey.shape,
    ...overrideMembers,
    actor: ShortName.optional(),
    updatedAt: z.iso.datetime({ offset: true }).optional(),
  })
  .transform(({ kind, group, service, id, actor, updatedAt, ...override }): ImportedOverride => {
    const said = updatedAt === undefined ? undefined : Date.parse(updatedAt);
    return { kind, group, service, id, override, actor, updatedAt: said };
  })
  .refine(({ override }) => Object.keys(override).length > 0, EMPTY_OVERRIDE_PROBLEM);

const InstanceLine = z
  .strictObject({
    kind: z.literal('instance'),
    ...NewInstanceKey.shape,
    owner: ShortName.optional(),
    place: Location.optional(),
    ...instanceMembers,
    // A lease that is null says it all.
    ephemeral: z.boolean().optional(),
  })
  .transform((line) => ({ ...line, ephemeral: line.ephemeral ?? line.lease !== null }))
  .check((payload) => {
    const problem = definitionProblem(payload.value);
    if (problem !== undefined) payload.issues.push({ code: 'custom', message: problem, input: payload.value });
  })
  .transform(({ kind, group, service, id, owner, place, ...body }): ImportedInstance => {
    const definition = { ...body, lease: body.ephemeral ? grantLease(body.lease) : null };
    return { kind, group, service, id, owner, place, definition };
  });

/** Members of the line of an instance without a place; one with a place is left to the schema. */
const INSTANCE_LINE_MEMBERS = plainMembers('kind', 'group', 'service', 'id', 'owner');

/** Reads the line of an instance as nearly all are; undefined where only the schema can judge it. */
function plainInstanceLine(value: unknown): ImportedInstance | undefined {
  if (!isPlainObject(value) || value.kind !== 'instance') return undefined;
  const { group = DEFAULT_GROUP, service, id, owner } = value;
  if (!isPlainName(group) || !isPlainName(service) || !isPlainName(id)) return undefined;
  if (owner !== undefined && !isPlainName(owner)) return undefined;
  const definition = plainDefinition(value, INSTANCE_LINE_MEMBERS);
  return definition && { kind: 'instance', group, service, id, owner, place: undefined, definition };
}

/** The line of a record. */
export const RecordLine = withFastPath(
  z.discriminatedUnion('kind', [ServiceLine, OverrideLine, InstanceLine]),
  plainInstanceLine,
);
