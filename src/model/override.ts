import * as z from 'zod';
import { InstanceStatus, Weight } from './instance';
import { Metadata } from './metadata';

const Reason = z
  .string()
  .max(1_000)
  .refine((text) => text.isWellFormed(), 'must be well-formed Unicode');

/** Keeps traffic off an instance, whatever it reports or registers, until lifted or until `until`. */
export const Quarantine = z
  .strictObject({ until: z.iso.datetime({ offset: true }).optional(), reason: Reason.optional() })
  .meta({ description: 'No traffic through any protocol, until lifted or until `until`' });
export type Quarantine = z.output<typeof Quarantine>;

/** Members of an override's body. */
export const overrideMembers = {
  enabled: z.boolean().optional(),
  weight: Weight.optional(),
  status: InstanceStatus.optional(),
  metadata: Metadata.optional().meta({ description: 'Entries merged over those of the registration' }),
  quarantine: Quarantine.optional(),
};

export const EMPTY_OVERRIDE_PROBLEM = 'an override sets at least one of enabled, weight, status, metadata, quarantine';

/**
 * An operator's override of an instance. It is merged over the registration on every read and survives when the instance
 * registers again. It is kept for ten minutes after the instance is removed, or as long as its quarantine lasts.
 */
export const Override = z
  .strictObject(overrideMembers)
  .refine((override) => Object.keys(override).length > 0, EMPTY_OVERRIDE_PROBLEM)
  .meta({ id: 'OverrideDefinition' });
export type Override = z.output<typeof Override>;

/** An override as responses show it. */
export const OverrideView = z
  .object({
    enabled: z.boolean().optional(),
    weight: z.number().optional(),
    status: InstanceStatus.optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    quarantine: z.object({ until: z.string().optional(), reason: z.string().optional() }).optional(),
    actor: z.string().meta({ description: 'Id of the token that set it' }),
    revision: z.int(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Override' });
export type OverrideView = z.output<typeof OverrideView>;

/** Overrides of the instances of a service, each with the id of its instance. */
export interface OverrideList {
  overrides: (OverrideView & { id: string })[];
  /** Pass it as `after` to get the next page; absent on the last one. */
  next?: string | undefined;
}
