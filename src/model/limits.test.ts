import { expect, it } from 'vitest';
import * as limits from './limits';

/** Relations between limits, which check a change of one limit against the others. */
const RELATIONS: Record<string, boolean> = {
  'three beats fit into the shortest lease':
    Math.floor(limits.LEASE_TTL_MIN_MS / limits.HEARTBEATS_PER_TTL_COUNT) * limits.HEARTBEATS_PER_TTL_COUNT <=
    limits.LEASE_TTL_MIN_MS,
  'the default lease can be asked for':
    limits.LEASE_TTL_MIN_MS <= limits.LEASE_TTL_DEFAULT_MS && limits.LEASE_TTL_DEFAULT_MS <= limits.LEASE_TTL_MAX_MS,
  'the longest lease can be removed at its end': limits.LEASE_TTL_MAX_MS <= limits.LEASE_REMOVE_AFTER_MAX_MS,
  'the longest lease fits 32 bits': limits.LEASE_REMOVE_AFTER_MAX_MS < 2 ** 31,
  'a registration full of everything fits into a body':
    3 * (limits.METADATA_MAX_BYTES + limits.EXTENSIONS_MAX_BYTES) <= limits.BODY_MAX_BYTES,
  'a batch of ordinary registrations fits into its body':
    limits.BATCH_OPERATIONS_MAX_COUNT * 1_024 <= limits.BATCH_BODY_MAX_BYTES,
  'a heartbeat for many fits into its body, names and all':
    limits.HEARTBEAT_INSTANCES_MAX_COUNT * 256 <= limits.BATCH_BODY_MAX_BYTES,
  'a batch fits into a service': limits.BATCH_OPERATIONS_MAX_COUNT <= limits.INSTANCES_PER_SERVICE_MAX_COUNT,
  'a service fits into a namespace': limits.INSTANCES_PER_SERVICE_MAX_COUNT <= limits.INSTANCES_PER_NAMESPACE_MAX_COUNT,
  'one page can hold a namespace': limits.PAGE_MAX_COUNT >= limits.INSTANCES_PER_NAMESPACE_MAX_COUNT,
  'a name can hold the id of a namespace': limits.NAME_MAX_BYTES >= 64,
  'a cached answer is younger than the oldest that can be asked for':
    limits.CACHED_MAX_AGE_DEFAULT_MS <= limits.CACHED_MAX_AGE_MAX_MS,
  'a cached read gives up on another before its caller does': limits.CACHED_READ_FOLLOW_MAX_MS < limits.CALL_MAX_MS,
  'a failed call is repeated for less time than its caller waits':
    limits.CALL_REPEATS_WINDOW_MS < Math.min(limits.DIRECTORY_ANSWER_MAX_MS, limits.CALL_MAX_MS),
  'a page fits into a call, even with two bytes a character':
    4 * limits.LIST_TEXT_MAX_BYTES <= 32 * 1_024 * 1_024 &&
    2 * limits.LIST_TEXT_MAX_BYTES < limits.CALL_ANSWER_MAX_BYTES,
  'the copies of an isolate leave it room to work': limits.CACHED_READS_MAX_BYTES * 4 <= 128 * 1024 * 1024,
  'no token takes the names of all pollers':
    2 * limits.POLLERS_PER_TOKEN_MAX_COUNT <= limits.POLLERS_PER_NAMESPACE_MAX_COUNT,
  'names of pollers are looked through while they live': limits.POLLERS_PRUNE_INTERVAL_MS < limits.POLLER_LINGER_MS,
  'the ages of cached answers are few once rounded': limits.CACHED_MAX_AGE_MAX_MS / limits.CACHED_AGE_ROUNDING_MS <= 12,
  'a drain by default ends within what one may wait': limits.DRAIN_WAIT_DEFAULT_MS <= limits.WAIT_MAX_MS,
  'an alarm is late long after it can be armed again': limits.ALARM_SPACING_MIN_MS < limits.LOOK_LATE_MS,
  'a silent lease ends within a second of its limit, by an alarm that is as late as may be':
    2 * limits.LEASE_SLACK_MS + limits.LOOK_LATE_MS <= 1_000,
  'a silent lease ends within a second of its limit, by ticks that are as late as may be':
    2 * limits.LEASE_SLACK_MS + limits.ATTENTION_PASS_MS + limits.ATTENTION_LATE_MS <= 1_000,
  'a look comes before the checkpoint of the fleet whose looks are closest':
    limits.LOOK_INTERVAL_MIN_MS < limits.CHECKPOINT_DELAY_MS,
  'a look that comes for a session shows a gap before its ttl is over':
    limits.SESSION_TTL_DEFAULT_MS / limits.LOOKS_PER_TTL_COUNT + limits.LOOK_LATE_MS < limits.SESSION_TTL_DEFAULT_MS,
  'a part of the journal fits a row of the platform': limits.JOURNAL_PART_MAX_BYTES < 2 * 1024 * 1024,
  'a quarantine by drain lasts as long as an override lingers': limits.DRAIN_QUARANTINE_MS <= limits.OVERRIDE_LINGER_MS,
  'a receiver that has read may have its window beside a flood of newcomers, of its token and of others':
    limits.UNREAD_BY_NEWCOMERS_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <= limits.UNREAD_PER_TOKEN_MAX_BYTES &&
    limits.UNREAD_PER_TOKEN_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <= limits.UNREAD_PER_NAMESPACE_MAX_BYTES,
  'one token leaves the others a window of each kind':
    limits.UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <=
      limits.UNREAD_BY_NEWCOMERS_MAX_BYTES &&
    limits.UNPROVEN_PER_TOKEN_MAX_BYTES + limits.CREDIT_INITIAL_BYTES <= limits.UNPROVEN_PER_NAMESPACE_MAX_BYTES,
  'one newcomer alone has the whole window':
    limits.UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES / limits.WINDOW_SHARES_COUNT >= limits.CREDIT_INITIAL_BYTES,
  'the smallest window holds an instance with everything':
    limits.WINDOW_MIN_BYTES >= limits.METADATA_MAX_BYTES + limits.EXTENSIONS_MAX_BYTES,
  'a mark comes well before a window is used up': 4 * limits.MARK_INTERVAL_BYTES <= limits.CREDIT_INITIAL_BYTES,
  'what is unread is part of what is unproven':
    limits.UNREAD_PER_NAMESPACE_MAX_BYTES <= limits.UNPROVEN_PER_NAMESPACE_MAX_BYTES &&
    limits.UNPROVEN_PER_CONNECTION_MAX_BYTES < limits.UNPROVEN_PER_NAMESPACE_MAX_BYTES,
  'a client that never sends back a mark still gets the snapshot of a full namespace':
    2 * limits.RECORDS_PER_NAMESPACE_MAX_BYTES <= limits.UNPROVEN_PER_CONNECTION_MAX_BYTES,
  'answers are held back before their connection is closed':
    limits.ANSWERS_UNREAD_MAX_BYTES + limits.CREDIT_INITIAL_BYTES < limits.UNPROVEN_PER_CONNECTION_MAX_BYTES,
  'the largest frame may wait, and several sockets may have one waiting':
    limits.FRAME_MAX_BYTES + limits.FRAME_PENDING_OVERHEAD_BYTES <= limits.SOCKET_FRAMES_PENDING_MAX_BYTES &&
    2 * limits.SOCKET_FRAMES_PENDING_MAX_BYTES <= limits.NAMESPACE_FRAMES_PENDING_MAX_BYTES,
  'the frames that wait in a namespace leave its isolate half of its memory':
    limits.NAMESPACE_FRAMES_PENDING_MAX_BYTES <= 64 * 1024 * 1024,
  'a full document fits into a body of go-micro': limits.GO_MICRO_BODY_MAX_BYTES >= 2 * limits.DOCUMENT_MAX_BYTES,
  'what a full document lists fits into a body of go-micro':
    limits.GO_MICRO_ITEMS_MAX_COUNT * 20 >= limits.DOCUMENT_MAX_BYTES,
  'three rounds of go-micro fit into its lease': limits.GO_MICRO_LEASE_TTL_MS >= 3 * 30_000,
  "three beats of Nacos fit into its lease, and its slowest client's first one":
    limits.NACOS_BEAT_TIMEOUT_DEFAULT_MS >= 3 * limits.NACOS_BEAT_INTERVAL_DEFAULT_MS &&
    limits.NACOS_BEAT_TIMEOUT_DEFAULT_MS > 10_000,
  'a Nacos instance is unhealthy before it is gone':
    limits.NACOS_BEAT_TIMEOUT_DEFAULT_MS < limits.NACOS_DELETE_TIMEOUT_DEFAULT_MS,
};

it.each(Object.entries(RELATIONS))('%s', (_, holds) => expect(holds).toBe(true));

it('every limit is positive', () => {
  for (const [name, limit] of Object.entries(limits)) expect(limit, name).toBeGreaterThan(0);
});
