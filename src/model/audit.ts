import * as z from 'zod';

/** What people do to a registry that others have to be able to account for. */
export const AuditAction = z.enum([
  'namespace-created',
  'namespace-changed',
  'namespace-deleted',
  'token-created',
  'token-revoked',
  'token-rotated',
  'service-changed',
  'service-deleted',
  'overridden',
  'quarantined',
  'override-cleared',
  'drained',
  'changed',
  'deregistered',
  'rolled-back',
  'imported',
]);
export type AuditAction = z.output<typeof AuditAction>;

/**
 * `begun`: written down before it was done, and how it ended is not known yet; after a crash it stays so. `refused` is
 * only in entries of earlier versions: an act that changed nothing leaves none.
 */
export const AuditOutcome = z.enum(['begun', 'done', 'refused']);
export type AuditOutcome = z.output<typeof AuditOutcome>;

/** What is about to be done. */
export interface AuditNote {
  action: AuditAction;
  /** Id of the token. */
  actor: string;
  /** Where the request came from, as far as somebody trustworthy tells. */
  address?: string | undefined;
  /** Namespace it is about; absent where it is about none, or about many. */
  ns?: string | undefined;
  /** What it was done to: a token's id, `group@@service`, `group@@service/instance`. */
  target?: string | undefined;
  /** More, for people: a reason, a number. Never a secret. */
  detail?: string | undefined;
}

export const AuditEntry = z
  .object({
    id: z.int().meta({ description: 'They count up' }),
    at: z.iso.datetime(),
    action: AuditAction,
    actor: z.string(),
    address: z.string().optional(),
    ns: z.string().optional(),
    target: z.string().optional(),
    detail: z.string().optional(),
    outcome: AuditOutcome,
    code: z.string().optional().meta({ description: 'Why it was refused' }),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.output<typeof AuditEntry>;

/** Newest first. */
export const AuditTrail = z
  .object({ entries: z.array(AuditEntry), next: z.string().optional() })
  .meta({ id: 'AuditTrail' });
export type AuditTrail = z.output<typeof AuditTrail>;

/** How an act has ended: with a change, unless it was refused with a code or left everything as it was. */
export interface AuditEnd {
  code?: string | undefined;
  isUnchanged?: boolean | undefined;
}

/** Where what is done is written down, before it is done. */
export interface Audit {
  /** @returns Its number. Durable by then: what can't be accounted for is not done. @throws {RegistryError} `UNAVAILABLE`. */
  begin(note: AuditNote): Promise<number>;
  /** Reports how it ended; never throws, and no call waits for it. */
  end(id: number, end: AuditEnd): void;
}
