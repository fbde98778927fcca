import type { Stats } from '../../model/stats';
import type { MetricFamily, Sample } from './prometheus-text';

interface Metric {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  /** Returns a number, or one for each value of the label `cause`. */
  value: (stats: Stats) => number | Record<string, number>;
}

const gauge = (name: string, help: string, value: Metric['value']): Metric => ({ name, type: 'gauge', help, value });
const counter = (name: string, help: string, value: Metric['value']): Metric => ({
  name: `${name}_total`,
  type: 'counter',
  help: `${help} since the process started.`,
  value,
});

const METRICS: readonly Metric[] = [
  gauge('rollcall_revision', 'Newest revision.', (stats) => stats.revision),
  gauge('rollcall_compacted_revision', 'Newest revision removed from the journal.', (stats) => stats.compactedRevision),
  gauge('rollcall_services', 'Services, by record or by instances.', (stats) => stats.services),
  gauge('rollcall_instances', 'Instances.', (stats) => stats.instances),
  gauge('rollcall_instances_healthy', 'Instances within their time to live.', (stats) => stats.healthyInstances),
  gauge('rollcall_instances_available', 'Instances that resolving returns.', (stats) => stats.availableInstances),
  gauge(
    'rollcall_instances_flapping',
    'Instances that changed health more than twice in five minutes.',
    (stats) => stats.flappingInstances,
  ),
  gauge('rollcall_overrides', 'Overrides by operators.', (stats) => stats.overrides),
  gauge('rollcall_leases', 'Leases with a time to live.', (stats) => stats.leases),
  gauge(
    'rollcall_granted_leases',
    'Granted leases, also those without a time to live.',
    ({ grantedLeases }) => grantedLeases ?? 0,
  ),
  gauge('rollcall_locks', 'Entries that a lease has locked.', ({ entries }) => entries?.locked ?? 0),
  gauge('rollcall_sessions', 'Sessions held, open or within their time to live.', (stats) => stats.sessions),
  gauge('rollcall_sockets', 'Open sockets, including those of event streams and polls.', (stats) => stats.sockets),
  gauge('rollcall_watches', 'Watches on sockets.', (stats) => stats.watches),
  gauge('rollcall_record_bytes', 'Size of all records, as counted by the limit.', (stats) => stats.recordBytes),
  gauge('rollcall_entries', 'Entries: keys with values.', ({ entries }) => entries?.count ?? 0),
  gauge('rollcall_entry_key_bytes', 'Size of all keys.', ({ entries }) => entries?.keyBytes ?? 0),
  gauge('rollcall_entry_value_bytes', 'Size of all values.', ({ entries }) => entries?.valueBytes ?? 0),
  gauge('rollcall_entry_cached_bytes', 'Size of the values in memory.', ({ entries }) => entries?.cachedBytes ?? 0),
  gauge(
    'rollcall_entry_journal_revisions',
    'Revisions in the journal that changed only entries.',
    ({ entries }) => entries?.journalRevisions ?? 0,
  ),
  gauge(
    'rollcall_entry_journal_bytes',
    'Size of the changes of entries in the journal.',
    ({ entries }) => entries?.journalBytes ?? 0,
  ),
  gauge('rollcall_journal_revisions', 'Revisions in the journal.', (stats) => stats.journal.revisions),
  gauge('rollcall_journal_bytes', 'Size of the journal.', (stats) => stats.journal.bytes),
  gauge(
    'rollcall_start_timestamp_seconds',
    'Time when the process started to count, since the epoch.',
    (stats) => Date.parse(stats.sinceStart.startedAt) / 1_000,
  ),
  gauge(
    'rollcall_wake_timestamp_seconds',
    "Time when the namespace's object last woke, since the epoch.",
    (stats) => Date.parse(stats.sinceStart.wokeAt) / 1_000,
  ),
  counter('rollcall_wakes', "Times the namespace's object woke", (stats) => stats.sinceStart.wakes),
  counter('rollcall_requests', 'Calls answered, including errors,', (stats) => stats.sinceStart.requests),
  counter('rollcall_commits', 'Revisions committed', (stats) => stats.sinceStart.commits),
  counter('rollcall_commit_groups', 'Storage transactions', (stats) => stats.sinceStart.commitGroups),
  counter('rollcall_renewals', 'Leases renewed', (stats) => stats.sinceStart.renewals),
  counter('rollcall_instances_removed', 'Instances removed, by cause,', (stats) => stats.sinceStart.removed),
  counter('rollcall_instances_unhealthy', 'Changes to unhealthy', (stats) => stats.sinceStart.unhealthy),
  counter('rollcall_instances_recovered', 'Changes back to healthy', (stats) => stats.sinceStart.recovered),
  counter(
    'rollcall_outages',
    'Gaps in heartbeats that the registry itself caused',
    (stats) => stats.sinceStart.outages,
  ),
  counter('rollcall_checkpoints', 'Checkpoints of renewals written', (stats) => stats.sinceStart.checkpoints),
  counter('rollcall_alarms', 'Alarms run', (stats) => stats.sinceStart.alarms),
  counter('rollcall_alarms_armed', 'Alarms armed', (stats) => stats.sinceStart.alarmsArmed),
  counter('rollcall_rows_written', 'Rows written, including alarms,', (stats) => stats.sinceStart.rowsWritten),
  counter(
    'rollcall_messages_received',
    'Frames received over sockets, without pings,',
    (stats) => stats.sinceStart.messagesReceived,
  ),
  counter(
    'rollcall_messages_sent',
    'Frames sent over sockets, without pongs,',
    (stats) => stats.sinceStart.messagesSent,
  ),
];

/** Converts the stats of namespaces, by id, to metrics: each metric once, with the samples of all namespaces. */
export function namespaceMetrics(stats: ReadonlyMap<string, Stats>): MetricFamily[] {
  return METRICS.map(({ name, type, help, value }) => ({
    name,
    type,
    help,
    samples: [...stats].flatMap(([namespace, each]) => samplesOf(namespace, value(each))),
  }));
}

function samplesOf(namespace: string, value: number | Record<string, number>): Sample[] {
  if (typeof value !== 'object') return [{ labels: { namespace }, value }];
  return Object.entries(value).map(([cause, count]) => ({ labels: { namespace, cause }, value: count }));
}
