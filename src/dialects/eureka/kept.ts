import { z } from 'zod';
import { STATUSES } from './status';
import { DATA_CENTERS, KEPT_TEXTS, type KeptText } from './wire';

const Port = z.object({ number: z.int32(), enabled: z.boolean() });

/** A key without a name can't be an element. */
const Texts = z.record(z.string().min(1), z.string());

/**
 * What of an instance only Eureka understands; a member that is not there is as the core has it, or as usual. Anybody may
 * write it through another door, and what one client can't read in a list costs it all of it: so this is as narrow as
 * what this door takes.
 */
const Kept = z.object({
  ipAddr: z.string().optional(),
  sid: z.string().optional(),
  /** The instance's own word, whatever counts. */
  status: z.enum(STATUSES).optional(),
  port: Port.optional(),
  securePort: Port.optional(),
  countryId: z.int32().optional(),
  dataCenter: z.object({ name: z.enum(DATA_CENTERS), metadata: Texts.optional() }).optional(),
  renewalIntervalInSecs: z.int32().optional(),
  lastDirtyTimestamp: z.int().optional(),
  // `as`: one schema for each of these names.
  ...(Object.fromEntries(KEPT_TEXTS.map((name) => [name, z.string().optional()])) as Record<
    KeptText,
    z.ZodOptional<z.ZodString>
  >),
});
export type Kept = z.output<typeof Kept>;

/** Reads what was kept; undefined where there is none, or somebody else wrote it. */
export function readKept(value: unknown): Kept | undefined {
  if (value === undefined) return undefined;
  const kept = Kept.safeParse(value);
  return kept.success ? kept.data : undefined;
}
