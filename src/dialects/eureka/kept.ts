import { z } from 'zod';
import { STATUSES } from './status';
import { KEPT_TEXTS, type KeptText } from './wire';

const Port = z.object({ number: z.int(), enabled: z.boolean() });

/** What of an instance only Eureka understands; a member that is not there is as the core has it, or as usual. */
const Kept = z.object({
  ipAddr: z.string().optional(),
  sid: z.string().optional(),
  /** The instance's own word, whatever counts. */
  status: z.enum(STATUSES).optional(),
  port: Port.optional(),
  securePort: Port.optional(),
  countryId: z.int().optional(),
  dataCenter: z.object({ name: z.string(), metadata: z.record(z.string(), z.string()).optional() }).optional(),
  renewalIntervalInSecs: z.int().optional(),
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
