import * as z from 'zod';
import { nameProblem } from './name-problem';
import { DEFAULT_CLUSTER, DEFAULT_GROUP, DEFAULT_NAMESPACE, GROUP_SEPARATOR, SEPARATOR_SIGN } from './service-name';

export { isPlainName, utf8Length } from './name-problem';

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
