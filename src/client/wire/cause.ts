/** Why something changed. */
export type Cause =
  | 'registered'
  | 'updated'
  | 'deregistered'
  | 'expired'
  | 'unhealthy'
  | 'recovered'
  | 'overridden'
  | 'quarantined'
  | 'drained'
  | 'session-closed'
  | 'imported'
  | 'rolled-back'
  | 'restored';
