import * as z from 'zod';
import { HOST_NAME } from './address';
import { withFastPath } from './fast-path';
import { jsonProblem } from './json';
import { grantLease, LeaseRequest, LeaseView } from './lease';
import { EXTENSIONS_MAX_BYTES, PORTS_MAX_COUNT, TAGS_MAX_COUNT, URL_MAX_BYTES, WEIGHT_MAX } from './limits';
import { Metadata, MetadataPatch, refusesPrototypeKey, sortedByKey } from './metadata';
import { ClusterName, ShortName, utf8Length } from './names';
import { plainDefinition } from './plain-definition';
import { DEFAULT_CLUSTER, type ServiceNames } from './service-name';

/** Status that an instance reports for itself. */
export const InstanceStatus = z.enum(['starting', 'up', 'draining', 'down', 'out-of-service']);
export type InstanceStatus = z.output<typeof InstanceStatus>;

export const Port = z.int().min(1).max(65_535).meta({ example: 8080 });
export const Weight = z.number().min(0).max(WEIGHT_MAX).meta({ description: 'Share of traffic; 0 means none' });

/** Location of an instance. Latitude and longitude are in degrees; set both or neither. */
export const Location = z
  .strictObject({
    region: ShortName.optional(),
    zone: ShortName.optional(),
    colo: ShortName.optional(),
    latitude: z.number().min(-90).max(90).optional(),
    longitude: z.number().min(-180).max(180).optional(),
  })
  .refine(
    (place) => (place.latitude === undefined) === (place.longitude === undefined),
    'latitude and longitude must be set together',
  );
export type Location = z.output<typeof Location>;

const NamedPort = z.strictObject({ port: Port, secure: z.boolean().default(false) });
export type NamedPort = z.output<typeof NamedPort>;

/** IPv4, IPv6 without brackets, or a host name. */
export const Address = z
  .union([z.ipv4(), z.ipv6(), z.string().regex(HOST_NAME)], { error: 'must be an IPv4 or IPv6 address or a host name' })
  .meta({ description: 'IPv4, IPv6 or host name', example: '10.0.0.7' });

function urlProblem(url: string): string | undefined {
  if (!url.isWellFormed()) return 'must be well-formed Unicode';
  if (utf8Length(url) > URL_MAX_BYTES) return `must be at most ${URL_MAX_BYTES} bytes`;
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]/i.test(url) || !URL.canParse(url))
    return 'must be absolute, such as https://orders.example/api';
  return undefined;
}

const AbsoluteUrl = z.string().check((payload) => {
  const problem = urlProblem(payload.value);
  if (problem !== undefined) payload.issues.push({ code: 'custom', message: `a url ${problem}`, input: payload.value });
});

const Ports = refusesPrototypeKey(z.record(ShortName, NamedPort))
  .refine((ports) => Object.keys(ports).length <= PORTS_MAX_COUNT, `at most ${PORTS_MAX_COUNT} ports`)
  .transform(sortedByKey);

const Tags = z.array(ShortName).max(TAGS_MAX_COUNT);

const JsonMember = z.unknown().check((payload) => {
  const problem = jsonProblem(payload.value);
  if (problem !== undefined) payload.issues.push({ code: 'custom', message: problem, input: payload.value });
});

/** Data of single dialects, keyed by dialect. Each dialect's clients read it back unchanged. */
export const Extensions = refusesPrototypeKey(z.record(ShortName, JsonMember))
  .refine(
    (extensions) => utf8Length(JSON.stringify(extensions)) <= EXTENSIONS_MAX_BYTES,
    `extensions must be at most ${EXTENSIONS_MAX_BYTES} bytes of JSON`,
  )
  .transform(sortedByKey);
export type Extensions = z.output<typeof Extensions>;

/** Members of a registration's body. */
export const instanceMembers = {
  cluster: ClusterName.default(DEFAULT_CLUSTER),
  node: ShortName.optional().meta({ description: 'Host that it runs on' }),
  address: Address.optional(),
  port: Port.optional().meta({ description: 'Port of the address' }),
  url: AbsoluteUrl.optional().meta({
    description: 'Absolute URL, for an instance without address and port',
    example: 'https://orders.example',
  }),
  ports: Ports.default({}).meta({ description: 'Additional ports by name' }),
  weight: Weight.default(1),
  status: InstanceStatus.default('up').meta({ description: 'Status that the instance reports for itself' }),
  ephemeral: z.boolean().default(true).meta({ description: 'false: no lease; it remains until it is deregistered' }),
  metadata: Metadata.default({}),
  tags: Tags.default([]).meta({ description: 'Labels that reads filter by' }),
  version: ShortName.optional().meta({ description: 'Version of the software that it runs' }),
  location: Location.optional().meta({ description: 'Location where it runs; by default, that of the caller' }),
  incarnation: ShortName.optional().meta({
    description: 'Random id of this run of the process, which distinguishes a restart from a repeated request',
  }),
  lease: LeaseRequest.nullable().optional(),
  extensions: Extensions.default({}).meta({ description: 'Data of single dialects, keyed by dialect' }),
};

interface Reachable {
  address?: string | undefined;
  port?: number | undefined;
  url?: string | undefined;
  ephemeral: boolean;
  lease?: LeaseRequest | null | undefined;
}

/** Returns a message if members of a registration contradict each other or are missing; undefined if none do. */
export function definitionProblem(definition: Reachable): string | undefined {
  if (definition.url === undefined && (definition.address === undefined || definition.port === undefined)) {
    return 'an instance needs address and port, or url';
  }
  if (!definition.ephemeral && definition.lease) return 'an instance with ephemeral: false has no lease; omit lease';
  if (definition.ephemeral && definition.lease === null)
    return 'an ephemeral instance has a lease; omit lease for the default, or set ephemeral: false';
  return undefined;
}

/** Body of a registration: an instance as it describes itself. Parsing grants its lease and refuses unknown members. */
export const InstanceDefinition = withFastPath(
  z
    .strictObject(instanceMembers)
    .check((payload) => {
      const problem = definitionProblem(payload.value);
      if (problem !== undefined) payload.issues.push({ code: 'custom', message: problem, input: payload.value });
    })
    .transform((definition) => ({ ...definition, lease: definition.ephemeral ? grantLease(definition.lease) : null }))
    .meta({ id: 'InstanceDefinition' }),
  plainDefinition,
);
export type InstanceDefinition = z.output<typeof InstanceDefinition>;
/** A registration as a client writes it; only address and port, or a URL, are required. */
export type InstanceDefinitionInput = z.input<typeof InstanceDefinition>;

/** Members of a patch of a registration: metadata is merged, tags are replaced. */
export const patchMembers = {
  weight: Weight.optional(),
  status: InstanceStatus.optional(),
  metadata: MetadataPatch.optional(),
  tags: Tags.optional(),
};

export const EMPTY_PATCH_PROBLEM = 'a patch changes at least one of weight, status, metadata, tags';

/** Body of PATCH. */
export const InstancePatch = z
  .strictObject(patchMembers)
  .refine((patch) => Object.keys(patch).length > 0, EMPTY_PATCH_PROBLEM)
  .meta({ id: 'InstancePatch' });
export type InstancePatch = z.output<typeof InstancePatch>;

/** An instance as responses show it: the registration, the operator's override merged over it, and derived members. */
export const InstanceView = z
  .object({
    id: z.string(),
    group: z.string(),
    service: z.string(),
    cluster: z.string(),
    node: z.string().optional(),
    address: z.string().optional(),
    port: z.int().optional(),
    url: z.string().optional(),
    ports: z.record(z.string(), z.object({ port: z.int(), secure: z.boolean() })),
    weight: z.number(),
    status: InstanceStatus,
    ephemeral: z.boolean(),
    metadata: z.record(z.string(), z.string()),
    tags: z.array(z.string()),
    version: z.string().optional(),
    location: z
      .object({
        region: z.string().optional(),
        zone: z.string().optional(),
        colo: z.string().optional(),
        latitude: z.number().optional(),
        longitude: z.number().optional(),
      })
      .optional(),
    incarnation: z.string().optional(),
    lease: LeaseView.nullable(),
    extensions: z.record(z.string(), z.unknown()),
    enabled: z.boolean().meta({ description: 'false: an operator disabled it' }),
    quarantined: z.boolean().meta({ description: 'true: no traffic, whatever the instance reports' }),
    healthy: z.boolean().meta({ description: 'The lease is within its time to live' }),
    available: z
      .boolean()
      .meta({ description: 'Enabled, healthy, up, not draining or quarantined, weight above 0: resolving returns it' }),
    flapping: z.boolean().meta({ description: 'Its health changed more than twice in five minutes' }),
    overridden: z.boolean().meta({ description: 'true: it has an override' }),
    owner: z.string().meta({ description: 'Id of the token that registered it' }),
    createdRevision: z.int(),
    revision: z.int(),
    changes: z.int(),
    registeredAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Instance' });
export type InstanceView = z.output<typeof InstanceView>;

/** A probable mistake, reported in the response to a registration. */
export const Warning = z
  .object({
    code: z.enum(['LOOPBACK_ADDRESS', 'LINK_LOCAL_ADDRESS', 'DUPLICATE_ADDRESS', 'FOREIGN_ADDRESS']),
    message: z.string(),
  })
  .meta({ id: 'Warning' });
export type Warning = z.output<typeof Warning>;

/** Response to a registration. `expiresAt` is as in a renewal, and null without a lease. */
export const Registration = InstanceView.extend({
  expiresAt: z.iso.datetime().nullable(),
  warnings: z.array(Warning),
}).meta({ id: 'Registration' });
export type Registration = z.output<typeof Registration>;

/** Response to a heartbeat. `expiresAt` is when the time to live ends unless the lease is renewed before. */
export const Renewal = z
  .object({
    lease: LeaseView,
    expiresAt: z.iso.datetime(),
    revision: z.int().meta({
      description:
        'Revision of the renewed registration. If it is not the one that a client received, another client has replaced it',
    }),
  })
  .meta({ id: 'Renewal' });
export type Renewal = z.output<typeof Renewal>;

/** A further service under which an instance can be found, claimed by its extensions. */
export interface Claim {
  service: ServiceNames;
  /** Member that claims it, as an error message quotes it: `vipAddress "orders"`. */
  by: string;
}

/** Returns the further services that the extensions of an instance claim. They need not exist. */
export type ClaimsOf = (service: ServiceNames, extensions: Extensions) => readonly Claim[];
