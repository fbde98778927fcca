import * as z from 'zod';
import { Metadata, MetadataPatch } from './metadata';
import { ShortName } from './names';

const ProtectThreshold = z.number().min(0).max(1).meta({
  description: 'Share of healthy instances below which resolving ignores health; 0: never',
});

/** Selector of a service, stored for dialects that have selectors. */
export const Selector = z.strictObject({
  type: ShortName,
  expression: z
    .string()
    .max(1_024)
    .refine((text) => text.isWellFormed(), 'must be well-formed Unicode')
    .default(''),
});
export type Selector = z.output<typeof Selector>;

/** Body of PUT: the definition of a service. A service needs none to exist: registering an instance creates it. */
export const ServiceDefinition = z
  .strictObject({
    metadata: Metadata.default({}),
    protectThreshold: ProtectThreshold.default(0),
    selector: Selector.optional(),
  })
  .meta({ id: 'ServiceDefinition' });
export type ServiceDefinition = z.output<typeof ServiceDefinition>;

/** Body of PATCH: metadata is a merge patch; `selector: null` removes it. */
export const ServicePatch = z
  .strictObject({
    metadata: MetadataPatch.optional(),
    protectThreshold: ProtectThreshold.optional(),
    selector: Selector.nullable().optional(),
  })
  .refine(
    (patch) => Object.keys(patch).length > 0,
    'a patch changes at least one of metadata, protectThreshold, selector',
  )
  .meta({ id: 'ServicePatch' });
export type ServicePatch = z.output<typeof ServicePatch>;

/** A line in the list of services. */
export const ServiceSummary = z
  .object({
    name: z.string(),
    group: z.string(),
    instances: z.int(),
    healthy: z.int(),
    available: z.int(),
    persistent: z.boolean().meta({ description: 'Created explicitly: it remains after its last instance is removed' }),
    revision: z.int().meta({ description: 'Revision of the newest change to the service or an instance of it' }),
  })
  .meta({ id: 'ServiceSummary' });
export type ServiceSummary = z.output<typeof ServiceSummary>;

/** A service with its definition. */
export const ServiceView = ServiceSummary.extend({
  metadata: z.record(z.string(), z.string()),
  protectThreshold: z.number(),
  selector: z.object({ type: z.string(), expression: z.string() }).optional(),
  createdRevision: z.int().nullable().meta({ description: 'null if the service exists only through its instances' }),
}).meta({ id: 'Service' });
export type ServiceView = z.output<typeof ServiceView>;

export const ServiceList = z
  .object({ services: z.array(ServiceSummary), next: z.string().optional() })
  .meta({ id: 'ServiceList' });
export type ServiceList = z.output<typeof ServiceList>;
