import { expect, it } from 'vitest';
import * as limits from './limits';

/** Relations between limits, which check a change of one limit against the others. */
const RELATIONS: Record<string, boolean> = {
  'three heartbeats fit into the shortest lease':
    Math.floor(limits.LEASE_TTL_MIN_MS / limits.HEARTBEATS_PER_TTL_COUNT) * limits.HEARTBEATS_PER_TTL_COUNT <=
    limits.LEASE_TTL_MIN_MS,
  'the default lease can be requested':
    limits.LEASE_TTL_MIN_MS <= limits.LEASE_TTL_DEFAULT_MS && limits.LEASE_TTL_DEFAULT_MS <= limits.LEASE_TTL_MAX_MS,
  'the longest lease can be removed at its end': limits.LEASE_TTL_MAX_MS <= limits.LEASE_REMOVE_AFTER_MAX_MS,
  'the longest lease fits 32 bits': limits.LEASE_REMOVE_AFTER_MAX_MS < 2 ** 31,
  'a registration with every member at its limit fits into a body':
    3 * (limits.METADATA_MAX_BYTES + limits.EXTENSIONS_MAX_BYTES) <= limits.BODY_MAX_BYTES,
  'a batch of ordinary registrations fits into its body':
    limits.BATCH_OPERATIONS_MAX_COUNT * 1_024 <= limits.BATCH_BODY_MAX_BYTES,
  'a heartbeat for many instances fits into its body with all names':
    limits.HEARTBEAT_INSTANCES_MAX_COUNT * 256 <= limits.BATCH_BODY_MAX_BYTES,
  'a scrape ends well before Prometheus gives up on it':
    limits.METRICS_COLLECT_MAX_MS + limits.METRICS_CALL_MAX_MS < 10_000,
  'a scrape lets an idle namespace sleep': limits.METRICS_IDLE_MAX_AGE_MS / 2 > limits.NAMESPACE_SLEEP_AFTER_MS,
  'idle namespaces of a scrape stay cached': limits.METRICS_NAMESPACES_MAX_COUNT <= limits.METRICS_IDLE_MAX_COUNT,
  'a batch fits into a service': limits.BATCH_OPERATIONS_MAX_COUNT <= limits.INSTANCES_PER_SERVICE_MAX_COUNT,
  'a service fits into a namespace': limits.INSTANCES_PER_SERVICE_MAX_COUNT <= limits.INSTANCES_PER_NAMESPACE_MAX_COUNT,
  'one page can contain a namespace': limits.PAGE_MAX_COUNT >= limits.INSTANCES_PER_NAMESPACE_MAX_COUNT,
  'a name can contain the id of a namespace': limits.NAME_MAX_BYTES >= 64,
  'a cached response is younger than the oldest that can be requested':
    limits.CACHED_MAX_AGE_DEFAULT_MS <= limits.CACHED_MAX_AGE_MAX_MS,
  'a cached read stops waiting for another before its caller does':
    limits.CACHED_READ_FOLLOW_MAX_MS < limits.CALL_MAX_MS,
  'a failed call is retried for less time than its caller waits':
    limits.CALL_REPEATS_WINDOW_MS < Math.min(limits.DIRECTORY_ANSWER_MAX_MS, limits.CALL_MAX_MS),
  'a page fits into a call, even with two bytes a character':
    4 * limits.LIST_TEXT_MAX_BYTES <= 32 * 1_024 * 1_024 &&
    2 * limits.LIST_TEXT_MAX_BYTES < limits.CALL_ANSWER_MAX_BYTES,
  'the copies of an isolate leave it memory to work': limits.CACHED_READS_MAX_BYTES * 4 <= 128 * 1024 * 1024,
  'no token uses up the names of all pollers':
    2 * limits.POLLERS_PER_TOKEN_MAX_COUNT <= limits.POLLERS_PER_NAMESPACE_MAX_COUNT,
  'names of pollers are checked while they are valid': limits.POLLERS_PRUNE_INTERVAL_MS < limits.POLLER_LINGER_MS,
  'cached responses have few different ages once rounded':
    limits.CACHED_MAX_AGE_MAX_MS / limits.CACHED_AGE_ROUNDING_MS <= 12,
  'a drain with the default wait ends within the longest wait': limits.DRAIN_WAIT_DEFAULT_MS <= limits.WAIT_MAX_MS,
  'an alarm is considered late long after it can be armed again': limits.ALARM_SPACING_MIN_MS < limits.LOOK_LATE_MS,
  'a silent lease ends within a second of its limit, by an alarm as late as allowed':
    2 * limits.LEASE_SLACK_MS + limits.LOOK_LATE_MS <= 1_000,
  'a silent lease ends within a second of its limit, by ticks as late as allowed':
    2 * limits.LEASE_SLACK_MS + limits.ATTENTION_PASS_MS + limits.ATTENTION_LATE_MS <= 1_000,
  'a look precedes the checkpoint of the fleet with the most frequent looks':
    limits.LOOK_INTERVAL_MIN_MS < limits.CHECKPOINT_DELAY_MS,
  'a look for a session detects a gap before its ttl ends':
    limits.SESSION_TTL_DEFAULT_MS / limits.LOOKS_PER_TTL_COUNT + limits.LOOK_LATE_MS < limits.SESSION_TTL_DEFAULT_MS,
  'a part of the journal fits a row of the platform': limits.JOURNAL_PART_MAX_BYTES < 2 * 1024 * 1024,
  'each compare of a transaction may read the largest value':
    limits.TRANSACTION_OPERATIONS_MAX_COUNT * limits.ENTRY_VALUE_MAX_BYTES <= limits.TRANSACTION_COMPARED_MAX_BYTES,
  'a transaction may visit every entry of a namespace':
    limits.TRANSACTION_VISITED_MAX_COUNT >= limits.ENTRIES_PER_NAMESPACE_MAX_COUNT,
  'a transaction leaves an object memory to work': 4 * limits.TRANSACTION_REPLACED_MAX_BYTES <= 64 * 1024 * 1024,
  'a quarantine by drain lasts as long as an override lingers': limits.DRAIN_QUARANTINE_MS <= limits.OVERRIDE_LINGER_MS,
  'a receiver that has read keeps its window during a flood of new ones, of its token and of others':
    limits.UNREAD_BY_NEWCOMERS_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <= limits.UNREAD_PER_TOKEN_MAX_BYTES &&
    limits.UNREAD_PER_TOKEN_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <= limits.UNREAD_PER_NAMESPACE_MAX_BYTES,
  'one token leaves the others a window of each kind':
    limits.UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <=
      limits.UNREAD_BY_NEWCOMERS_MAX_BYTES &&
    limits.UNPROVEN_PER_TOKEN_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <= limits.UNPROVEN_PER_NAMESPACE_MAX_BYTES,
  'a single new receiver has the whole window':
    limits.UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES / limits.WINDOW_SHARES_COUNT >= limits.CREDIT_INITIAL_BYTES,
  'the smallest window fits an instance with every member at its limit':
    limits.WINDOW_MIN_BYTES >= limits.METADATA_MAX_BYTES + limits.EXTENSIONS_MAX_BYTES,
  'a mark is sent well before a window is used up': 4 * limits.MARK_INTERVAL_BYTES <= limits.CREDIT_INITIAL_BYTES,
  'unread output is part of unconfirmed output':
    limits.UNREAD_PER_NAMESPACE_MAX_BYTES <= limits.UNPROVEN_PER_NAMESPACE_MAX_BYTES &&
    limits.UNPROVEN_PER_CONNECTION_MAX_BYTES < limits.UNPROVEN_PER_NAMESPACE_MAX_BYTES,
  'a client that never returns a mark still gets the snapshot of a full namespace':
    2 * limits.RECORDS_PER_NAMESPACE_MAX_BYTES <= limits.UNPROVEN_PER_CONNECTION_MAX_BYTES,
  'responses are held back before their connection is closed':
    limits.ANSWERS_UNREAD_MAX_BYTES + limits.CREDIT_INITIAL_BYTES < limits.UNPROVEN_PER_CONNECTION_MAX_BYTES,
  'the largest frame may be pending, on several sockets at once':
    limits.FRAME_MAX_BYTES + limits.FRAME_PENDING_OVERHEAD_BYTES <= limits.SOCKET_FRAMES_PENDING_MAX_BYTES &&
    2 * limits.SOCKET_FRAMES_PENDING_MAX_BYTES <= limits.NAMESPACE_FRAMES_PENDING_MAX_BYTES,
  'the pending frames of a namespace leave its isolate half of its memory':
    limits.NAMESPACE_FRAMES_PENDING_MAX_BYTES <= 64 * 1024 * 1024,
  'a full document fits into a body of go-micro': limits.GO_MICRO_BODY_MAX_BYTES >= 2 * limits.DOCUMENT_MAX_BYTES,
  'the endpoints of a full document fit into a body of go-micro':
    limits.GO_MICRO_ITEMS_MAX_COUNT * 20 >= limits.DOCUMENT_MAX_BYTES,
  'three rounds of go-micro fit into its lease': limits.GO_MICRO_LEASE_TTL_MS >= 3 * 30_000,
  'three heartbeats of Nacos fit into its lease, and so does the first one of its slowest client':
    limits.NACOS_BEAT_TIMEOUT_DEFAULT_MS >= 3 * limits.NACOS_BEAT_INTERVAL_DEFAULT_MS &&
    limits.NACOS_BEAT_TIMEOUT_DEFAULT_MS > 10_000,
  'a Nacos instance is unhealthy before it is removed':
    limits.NACOS_BEAT_TIMEOUT_DEFAULT_MS < limits.NACOS_DELETE_TIMEOUT_DEFAULT_MS,
};

it.each(Object.entries(RELATIONS))('%s', (_, holds) => expect(holds).toBe(true));

it('every limit is positive', () => {
  for (const [name, limit] of Object.entries(limits)) expect(limit, name).toBeGreaterThan(0);
});
