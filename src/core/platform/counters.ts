import { Cause } from '../../model/history';

/** How many instances were removed, by cause. */
export type Removals = Record<Cause, number>;

/**
 * What a namespace did. Plain numbers in memory, which cost nothing. The host keeps them for as long as its process lasts,
 * so that an object that sleeps between two looks at it loses none.
 */
export interface Counters {
  /** When they began at zero. Milliseconds since the epoch, like all times here. */
  startedAt: number;
  /** When the namespace last woke. */
  wokeAt: number;
  wakes: number;
  requests: number;
  commits: number;
  commitGroups: number;
  renewals: number;
  removed: Removals;
  unhealthy: number;
  recovered: number;
  outages: number;
  checkpoints: number;
  alarms: number;
  alarmsArmed: number;
  rowsWritten: number;
  messagesReceived: number;
  messagesSent: number;
}

/** Counters of a process that begins. @param startedAt Milliseconds since the epoch. */
export function newCounters(startedAt: number): Counters {
  return {
    startedAt,
    wokeAt: startedAt,
    wakes: 0,
    requests: 0,
    commits: 0,
    commitGroups: 0,
    renewals: 0,
    // `as`: the causes are all there are, and each is given its number.
    removed: Object.fromEntries(Cause.options.map((cause) => [cause, 0])) as Removals,
    unhealthy: 0,
    recovered: 0,
    outages: 0,
    checkpoints: 0,
    alarms: 0,
    alarmsArmed: 0,
    rowsWritten: 0,
    messagesReceived: 0,
    messagesSent: 0,
  };
}
