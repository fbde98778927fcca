import * as z from 'zod';
import { WEIGHT_MAX } from '../../model/limits';
import type { ServiceKey } from '../../model/namespace-api';
import type { NacosInstance } from './instance';
import { metadataIn } from './metadata-text';
import { clusterNamed, namespaceNamed, placeAt, serviceNamed } from './names';
import { nacosError } from './refusals';

/**
 * Requests of Nacos' clients over gRPC, as JSON. Java sends null for what is not set, the Rust client for members that Java
 * always sets; clients of all versions send members that others don't know. Source: the protocol note on Nacos, 5.3 and 5.4.
 */

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const flag = (otherwise: boolean) =>
  z
    .boolean()
    .nullish()
    .transform((value) => value ?? otherwise);
const base = { requestId: text };
const named = { ...base, namespace: text, serviceName: text, groupName: text };

const InstanceBody = z.object({
  ip: text,
  port: z.union([z.number(), z.string()]).nullish(),
  weight: z.number().nullish(),
  healthy: flag(true),
  enabled: flag(true),
  clusterName: text,
  /** Checked by {@link instanceIn}: a record would drop keys that are none in JavaScript. */
  metadata: z.unknown().optional(),
});
type InstanceBody = z.output<typeof InstanceBody>;

/** Any request: only its id, which the answer repeats. */
export const AnyRequest = z.object(base);

/** First message on a connection's stream. */
export const ConnectionSetupRequest = z.object({
  ...base,
  clientVersion: text,
  /** Abilities of the client; null if it does not negotiate. */
  abilityTable: z.record(z.string(), z.unknown()).nullish(),
});

/** Registers or removes the one instance that a connection has in a service. */
export const InstanceRequest = z.object({ ...named, type: text, instance: InstanceBody.nullish() });
export type InstanceRequest = z.output<typeof InstanceRequest>;

/** Replaces all instances that a connection has in a service. */
export const BatchInstanceRequest = z.object({ ...named, type: text, instances: z.array(InstanceBody).nullish() });

export const ServiceQueryRequest = z.object({ ...named, cluster: text, healthyOnly: flag(false) });

export const SubscribeServiceRequest = z.object({ ...named, subscribe: flag(false), clusters: text });

const whole = (otherwise: number) =>
  z
    .int()
    .nullish()
    .transform((value) => value ?? otherwise);

export const ServiceListRequest = z.object({ ...named, pageNo: whole(1), pageSize: whole(10) });

/** Watches the names of services, by a pattern such as `public>>DEFAULT_GROUP>>orders*`. */
export const NamingFuzzyWatchRequest = z.object({
  ...base,
  namespace: text,
  groupKeyPattern: text,
  /** Names that the client has already, as `namespace@@group@@service`. */
  receivedGroupKeys: z.array(z.string()).nullish(),
  /** `WATCH` or `CANCEL_WATCH`. */
  watchType: text,
  /** True until the client has been told that it has all names. */
  initializing: flag(false),
});
export type NamingFuzzyWatchRequest = z.output<typeof NamingFuzzyWatchRequest>;

/**
 * Parses the body of a request.
 *
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, body: Uint8Array): z.output<Schema> {
  let value: unknown;
  try {
    value = body.byteLength === 0 ? {} : JSON.parse(utf8.decode(body));
  } catch {
    throw nacosError('PARAMETER_VALIDATE_ERROR', 'the body of the request is not JSON in UTF-8');
  }
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  const [issue] = error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  throw nacosError('PARAMETER_VALIDATE_ERROR', `Param '${path.slice(0, 80)}' is illegal, ${issue?.message ?? ''}`);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false });

/** Returns the service of a request. @throws {RegistryError} `INVALID_REQUEST`. */
export function serviceIn({ serviceName, groupName }: { serviceName: string; groupName: string }): ServiceKey {
  if (serviceName === '') throw nacosError('PARAMETER_MISSING', "Param 'serviceName' is required.");
  return serviceNamed(serviceName, groupName);
}

/** Returns the namespace of a request; undefined if it names none. @throws {RegistryError} `INVALID_REQUEST`. */
export const namespaceIn = ({ namespace }: { namespace: string }): string | undefined =>
  namespace === '' ? undefined : namespaceNamed(namespace);

/** Returns an instance of a request. @throws {RegistryError} `INVALID_REQUEST`. */
export function instanceIn(body: InstanceBody | null | undefined, ephemeral: boolean): NacosInstance {
  if (body === null || body === undefined) throw nacosError('PARAMETER_MISSING', "Param 'instance' is required.");
  const { ip, port, healthy, enabled, clusterName } = body;
  if (ip === '') throw nacosError('PARAMETER_MISSING', "Param 'ip' is required.");
  const weight = body.weight ?? 1;
  if (weight < 0 || weight > WEIGHT_MAX) {
    throw nacosError('WEIGHT_ERROR', 'instance format invalid: The weights range from 0.0 to 10000.0');
  }
  const metadata = metadataIn(body.metadata);
  if (metadata === undefined) {
    throw nacosError('INSTANCE_METADATA_ERROR', "Param 'metadata' is illegal, it is not an object of strings.");
  }
  return {
    ...placeAt(ip, String(port ?? '')),
    cluster: clusterNamed(clusterName),
    weight,
    healthy,
    enabled,
    ephemeral,
    metadata,
  };
}
