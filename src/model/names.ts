import * as z from 'zod';
import { NAME_MAX_BYTES } from './limits';
import { DEFAULT_CLUSTER, DEFAULT_GROUP, DEFAULT_NAMESPACE, GROUP_SEPARATOR, SEPARATOR_SIGN } from './service-name';

// biome-ignore lint/suspicious/noControlCharactersInRegex: its purpose is to find control characters
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f]/;

const BEYOND_ASCII = /[\u0080-\uffff]/;

/** Returns the length of a text in bytes of UTF-8, without encoding it. */
export function utf8Length(text: string): number {
  // Nearly all texts are ASCII, and a regular expression detects that twice as fast as a loop.
  if (!BEYOND_ASCII.test(text)) return text.length;
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    // A surrogate pair has two code units and four bytes: two bytes for each unit.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2;
  }
  return bytes;
}

/** Returns a message that says what is wrong with a name; undefined if it is valid. */
function nameProblem(name: string): string | undefined {
  if (name.length === 0) return 'must not be empty';
  if (name.length > NAME_MAX_BYTES || utf8Length(name) > NAME_MAX_BYTES)
    return `must be at most ${NAME_MAX_BYTES} bytes of UTF-8`;
  if (CONTROL_CHARACTERS.test(name)) return 'must not contain control characters';
  if (name === '.' || name === '..') return 'must not be "." or ".."';
  if (!name.isWellFormed()) return 'must be well-formed Unicode';
  return undefined;
}

function named(what: string, alsoWrong?: (name: string) => string | undefined) {
  return z.string().check((payload) => {
    const problem = nameProblem(payload.value) ?? alsoWrong?.(payload.value);
    if (problem !== undefined)
      payload.issues.push({ code: 'custom', message: `${what} ${problem}`, input: payload.value });
  });
}

const NAMESPACE_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** Id of a namespace: a tenant, and the unit of consistency. */
export const NamespaceId = z
  .string()
  .regex(NAMESPACE_ID, 'a namespace id has 1 to 64 characters from A-Z a-z 0-9 _ -')
  .meta({ description: 'Namespace id', example: DEFAULT_NAMESPACE });

/** Reports whether {@link NamespaceId} accepts a text, without running the schema. */
export function isNamespaceId(text: string): boolean {
  return NAMESPACE_ID.test(text);
}

/** Returns a message if a name would make `group@@service` ambiguous; undefined otherwise. */
const separatorProblem = (name: string): string | undefined =>
  name.includes(GROUP_SEPARATOR)
    ? `must not contain "${GROUP_SEPARATOR}", which separates group and service`
    : undefined;

const groupMeta = { description: 'Group name', example: DEFAULT_GROUP };
const serviceMeta = { description: 'Service name', example: 'orders' };

/** Group of an instance that is registered, or of a service that is created or granted. */
export const GroupName = named('a group name', (name) =>
  name.endsWith(SEPARATOR_SIGN) ? `must not end in "${SEPARATOR_SIGN}"` : separatorProblem(name),
).meta(groupMeta);

/** Service of an instance that is registered, or a service that is created or granted. */
export const ServiceName = named('a service name', separatorProblem).meta(serviceMeta);

/** Group that is read, changed or removed. Earlier versions accepted some that can no longer be registered. */
export const StoredGroupName = named('a group name', separatorProblem).meta(groupMeta);

/** Service that is read, changed or removed; see {@link StoredGroupName}. */
export const StoredServiceName = named('a service name').meta(serviceMeta);

export const InstanceId = named('an instance id').meta({ description: 'Instance id', example: '10.0.0.7:8080' });

/** A label that divides a service, such as a data centre or a version of a fleet. */
export const ClusterName = named('a cluster name').meta({ description: 'Cluster label', example: DEFAULT_CLUSTER });

/** Any other short name: a node, a tag, a port, a zone. */
export const ShortName = named('a name');

/** Schemas that accept every plain name unchanged. {@link NamespaceId} is not one: it allows no `.` and no `:`. */
export const PLAIN_NAMED: ReadonlySet<unknown> = new Set([
  GroupName,
  ServiceName,
  StoredGroupName,
  StoredServiceName,
  InstanceId,
  ClusterName,
  ShortName,
]);

const PLAIN_NAME = /^[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,63}$/;

/** Reports whether a value is a plain name, which all of {@link PLAIN_NAMED} accept. Most names are plain. */
export function isPlainName(value: unknown): value is string {
  return typeof value === 'string' && PLAIN_NAME.test(value);
}
