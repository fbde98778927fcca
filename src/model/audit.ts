import * as z from 'zod';

/** Actions of people that the audit trail records. */
export const AuditAction = z.enum([
  'namespace-created',
  'namespace-changed',
  'namespace-deleted',
  'token-created',
  'token-revoked',
  'token-rotated',
  'ticket-redeemed',
  'service-changed',
  'service-deleted',
  'overridden',
  'quarantined',
  'override-cleared',
  'drained',
  'drain-cancelled',
  'changed',
  'deregistered',
  'lease-revoked',
  'rolled-back',
  'entries-compacted',
  'imported',
]);
export type AuditAction = z.output<typeof AuditAction>;

/**
 * `begun`: recorded before the action ran, outcome still unknown; after a crash it stays that way. `refused` appears only
 * in entries of earlier versions: an action that changes nothing leaves no entry.
 */
export const AuditOutcome = z.enum(['begun', 'done', 'refused']);
export type AuditOutcome = z.output<typeof AuditOutcome>;

/** An action that is about to run. */
export interface AuditNote {
  action: AuditAction;
  /** Id of the token. */
  actor: string;
  /** Address of the client, if the platform or a trusted proxy reports it. */
  address?: string | undefined;
  /** Namespace that the action concerns; absent if it concerns none or several. */
  ns?: string | undefined;
  /** Target of the action: a token's or lease's id, `group@@service`, `group@@service/instance`. */
  target?: string | undefined;
  /** Details for people: a reason, a number. Never a secret. */
  detail?: string | undefined;
}

export const AuditEntry = z
  .object({
    id: z.int().meta({ description: 'Increases with each entry' }),
    at: z.iso.datetime(),
    action: AuditAction,
    actor: z.string(),
    address: z.string().optional(),
    ns: z.string().optional(),
    target: z.string().optional(),
    detail: z.string().optional(),
    outcome: AuditOutcome,
    code: z.string().optional().meta({ description: 'Error code of a refused action' }),
  })
  .meta({ id: 'AuditEntry' });
export type AuditEntry = z.output<typeof AuditEntry>;

/** A page of the audit trail, newest entry first. */
export const AuditTrail = z
  .object({ entries: z.array(AuditEntry), next: z.string().optional() })
  .meta({ id: 'AuditTrail' });
export type AuditTrail = z.output<typeof AuditTrail>;

/** Outcome of an action: a change, unless it was refused with a code or left everything as it was. */
export interface AuditEnd {
  code?: string | undefined;
  isUnchanged?: boolean | undefined;
}

/** Audit trail. It records each action before the action runs. */
export interface Audit {
  /**
   * Records an action. The entry is durable before this returns: an action that can't be recorded must not run.
   *
   * @returns Id of the entry.
   * @throws {RegistryError} `UNAVAILABLE`.
   */
  begin(note: AuditNote): Promise<number>;
  /** Records the outcome of an action. Never throws, and no call waits for it. */
  end(id: number, end: AuditEnd): void;
}
