import { Cause } from '../../model/history';

/** Number of instances removed, by cause. */
export type Removals = Record<Cause, number>;

/**
 * Counts of what a namespace has done. They are plain numbers in memory, which cost nothing. The host keeps them as long as
 * its process runs, so that an object that sleeps between two reads of them loses none.
 */
export interface Counters {
  /** Time they began at zero, in milliseconds since the epoch, like all times here. */
  startedAt: number;
  /** Time the namespace last woke. */
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

/** Returns the counters of a new process. @param startedAt Milliseconds since the epoch. */
export function newCounters(startedAt: number): Counters {
  return {
    startedAt,
    wokeAt: startedAt,
    wakes: 0,
    requests: 0,
    commits: 0,
    commitGroups: 0,
    renewals: 0,
    // `as`: every cause gets a number.
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
