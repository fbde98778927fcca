import * as z from 'zod';
import { type InstanceKey, NewInstanceKey } from './batch';
import { byteString, utf8Bytes } from './bytes';
import { bytesOfBase64, EntryContentType, EntryFlags, EntryKey } from './entry';
import { isPlainObject, withFastPath } from './fast-path';
import { definitionProblem, type InstanceDefinition, instanceMembers, Location } from './instance';
import { grantLease } from './lease';
import { ENTRY_VALUE_MAX_BYTES } from './limits';
import { GroupName, isPlainName, ServiceName, ShortName } from './names';
import { EMPTY_OVERRIDE_PROBLEM, type Override, overrideMembers } from './override';
import { plainDefinition, plainMembers } from './plain-definition';
import { ServiceDefinition } from './service';
import { DEFAULT_GROUP } from './service-name';

/**
 * Lines of an exported namespace: a header, one line for each record in any order, and an end line. docs/export.md
 * documents them; an import accepts what these schemas accept.
 */

/**
 * Version of the format: 2 adds entries. An import refuses a newer one, because it could lose data that this version does
 * not know.
 */
export const EXPORT_VERSION = 2;

/** Version of a file without entries, which an earlier Rollcall can import. */
export const EXPORT_VERSION_WITHOUT_ENTRIES = 1;

/** Number of records of each kind. */
export const RecordCounts = z.object({
  services: z.int().min(0),
  overrides: z.int().min(0),
  instances: z.int().min(0),
  entries: z.int().min(0).default(0),
});
export type RecordCounts = z.output<typeof RecordCounts>;

/** The first line. An import needs only its kind and version. */
export const ExportHeader = z.looseObject({
  kind: z.literal('rollcall-export', { error: 'must be "rollcall-export": the file must begin with its header' }),
  version: z.int().min(1),
  namespace: z.string().optional(),
  at: z.string().optional(),
  cursor: z.string().optional(),
  epoch: z.string().optional(),
  revision: z.number().optional(),
  counts: RecordCounts.optional(),
});
export type ExportHeader = z.output<typeof ExportHeader>;

/** The last line: it counts the records before it. A file without it was cut off. */
export const ExportEnd = z.strictObject({ kind: z.literal('end'), ...RecordCounts.shape });

/** The definition of a service. A service that exists only through its instances has no line. */
export interface ImportedService {
  kind: 'service';
  group: string;
  service: string;
  definition: ServiceDefinition;
}

/** The override of an instance. */
export interface ImportedOverride extends InstanceKey {
  kind: 'override';
  override: Override;
  /** Id of the token that set it; by default that of the import. */
  actor?: string | undefined;
  /** Milliseconds since the epoch; by default the time of the import. */
  updatedAt?: number | undefined;
}

/** A registration and its owner. */
export interface ImportedInstance extends InstanceKey {
  kind: 'instance';
  definition: InstanceDefinition;
  /** Id of the token; by default that of the import. */
  owner?: string | undefined;
  /** Origin of the registering request, if the registration does not give a location. */
  place?: Location | undefined;
}

/** A key and its value. It gets a new revision and counts its versions from there. */
export interface ImportedEntry {
  kind: 'entry';
  /** One character a byte, as the value. */
  key: string;
  value: string;
  contentType?: string | undefined;
  flags?: string | undefined;
}

export type ImportedRecord = ImportedService | ImportedOverride | ImportedInstance | ImportedEntry;

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
    // By default, an instance is ephemeral unless its lease is null.
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

const EntryLine = z
  .strictObject({
    kind: z.literal('entry'),
    key: z.string().optional(),
    keyBase64: z.string().optional(),
    value: z.string().optional(),
    valueBase64: z.string().optional(),
    contentType: EntryContentType.optional(),
    flags: EntryFlags.optional(),
  })
  .transform(({ kind, contentType, flags, ...line }, context): ImportedEntry => {
    const bytesIn = (name: 'key' | 'value'): string => {
      const [text, encoded] = [line[name], line[`${name}Base64`]];
      const bytes = text === undefined ? encoded && bytesOfBase64(encoded) : byteString(utf8Bytes(text));
      const problem = problemOf(text, encoded, bytes);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem, path: [name] });
      return bytes ?? '';
    };
    const [key, value] = [bytesIn('key'), bytesIn('value')];
    if (context.issues.length > 0) return z.NEVER;
    const { error } = EntryKey.safeParse(key);
    for (const { message } of error?.issues ?? []) context.addIssue({ code: 'custom', message, path: ['key'] });
    if (value.length > ENTRY_VALUE_MAX_BYTES) {
      const message = `has ${value.length} bytes; an entry has at most ${ENTRY_VALUE_MAX_BYTES}`;
      context.addIssue({ code: 'custom', message, path: ['value'] });
    }
    return { kind, key, value, contentType, flags };
  });

/** Returns the reason for which a line's text and base64 are not one string of bytes. */
function problemOf(text: string | undefined, encoded: string | undefined, bytes: string | undefined) {
  if ((text === undefined) === (encoded === undefined)) return 'give it either as text or as base64';
  if (bytes === undefined) return 'must be base64';
  return text?.isWellFormed() === false ? 'has half of a surrogate pair; give it as base64' : undefined;
}

/** Members of an instance's line without a place. The schema parses those that have one. */
const INSTANCE_LINE_MEMBERS = plainMembers('kind', 'group', 'service', 'id', 'owner');

/** Reads an instance's line of the common form; undefined if only the schema can judge it. */
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
  z.discriminatedUnion('kind', [ServiceLine, OverrideLine, InstanceLine, EntryLine]),
  plainInstanceLine,
);
