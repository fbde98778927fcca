/** What the registry did since it woke. Plain numbers in memory: they cost nothing, and a wake starts them anew. */
export interface Counters {
  /** Milliseconds since the epoch. */
  wokeAt: number;
  requests: number;
  commits: number;
  renewals: number;
  expired: number;
  unhealthy: number;
  recovered: number;
  outages: number;
  alarms: number;
  alarmsArmed: number;
  rowsWritten: number;
  messagesReceived: number;
  messagesSent: number;
}

export function newCounters(wokeAt: number): Counters {
  return {
    wokeAt,
    requests: 0,
    commits: 0,
    renewals: 0,
    expired: 0,
    unhealthy: 0,
    recovered: 0,
    outages: 0,
    alarms: 0,
    alarmsArmed: 0,
    rowsWritten: 0,
    messagesReceived: 0,
    messagesSent: 0,
  };
}
