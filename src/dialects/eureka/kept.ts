import { z } from 'zod';
import { STATUSES } from './status';
import { DATA_CENTERS, KEPT_TEXTS, type KeptText } from './wire';

const Port = z.object({ number: z.int32(), enabled: z.boolean() });

/** An empty key can't be the name of an element of XML. */
const Texts = z.record(z.string().min(1), z.string());

/**
 * What of an instance only Eureka understands. A member that is missing is as the core has it, or Eureka's default.
 *
 * Anybody may write it through another door, and one instance that a client can't read costs that client the whole list:
 * so this is as narrow as what this door takes itself.
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
