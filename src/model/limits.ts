/**
 * All limits of the registry. The suffix of a name is its unit; the comment gives the reason and the code raised beyond it.
 * A value over a limit is an error: nothing is ever clamped or truncated.
 */

/** Largest body of one call; a registration with full metadata and extensions takes a third of it. `PAYLOAD_TOO_LARGE` */
export const BODY_MAX_BYTES = 64 * 1024;

/**
 * Longest wait for the form body of a dialect request, whose sender may be unauthenticated and send one byte and no
 * more. `INVALID_REQUEST`
 */
export const FORM_READ_MAX_MS = 10_000;

/** Deadline for a request's headers, counted from its first byte or from the start of the connection. */
export const REQUEST_HEADERS_MAX_MS = 15_000;

/** Deadline for a TLS handshake. */
export const TLS_HANDSHAKE_MAX_MS = 15_000;

/** Time after which an idle connection is closed: a minute, with the second that Node adds. */
export const IDLE_CONNECTION_MAX_MS = 59_000;

/** Maximum size of request line and headers. A watch may name 256 services of 255 bytes in its query. */
export const REQUEST_HEADERS_MAX_BYTES = 96 * 1024;

/** Total time to wait for a body, in addition to the time that its bytes take at the minimum rate. */
export const BODY_WAIT_MAX_MS = 15_000;

/**
 * The same for a body that is read as a stream, such as that of an import. The app itself waits up to a minute for a
 * chunk, and reads streams only from callers with a token.
 */
export const STREAMED_BODY_WAIT_MAX_MS = 90_000;

/** Minimum rate of a body, in bytes a second. A batch of 4 MiB may take 17 minutes. */
export const BODY_PER_SECOND_MIN_BYTES = 4 * 1024;

/** Time for which the rest of an unread body is discarded, so that the client can finish sending and read the answer. */
export const UNREAD_BODY_MAX_MS = 5_000;

/** Maximum size of the rest that is discarded. */
export const UNREAD_BODY_MAX_BYTES = 8 * 1024 * 1024;

/** Time for a client to read some of its output, in addition to the time that the output takes at the minimum rate. */
export const UNREAD_OUTPUT_MAX_MS = 30_000;

/** Minimum rate at which a client must read, in bytes a second. */
export const OUTPUT_PER_SECOND_MIN_BYTES = 16 * 1024;

/**
 * Multiple of {@link UNREAD_OUTPUT_MAX_MS} after which a client that reads nothing is disconnected, however much output
 * is pending.
 */
export const UNREAD_OUTPUT_STRETCH_COUNT = 4;

/** Size of the chunks in which a large text is written. Each waits until the client has taken the previous one. */
export const OUTPUT_PIECE_MAX_BYTES = 256 * 1024;

/** Maximum unread output of a socket, twice a full snapshot. A client that leaves more unread is disconnected. */
export const SOCKET_UNREAD_MAX_BYTES = 64 * 1024 * 1024;

/** Time for a client to answer the close of its socket, after which it is disconnected. */
export const SOCKET_CLOSE_MAX_MS = 10_000;

/** Interval at which connections are checked against these deadlines, and against Node's own. */
export const CONNECTION_CHECK_INTERVAL_MS = 1_000;

/** Interval at which a server without new connections is checked for whether it still accepts them. */
export const ACCEPT_CHECK_INTERVAL_MS = 5_000;

/** Number of connections waiting to be accepted, such as when a whole fleet reconnects. The kernel's limit may be lower. */
export const CONNECTIONS_WAITING_MAX_COUNT = 4_096;

/** Largest body of a batch or of a batched heartbeat: a thousand ordinary registrations. `PAYLOAD_TOO_LARGE` */
export const BATCH_BODY_MAX_BYTES = 4 * 1024 * 1024;

/** Operations in one batch; keeps one revision well under 50 ms of the object's time. `INVALID_REQUEST` */
export const BATCH_OPERATIONS_MAX_COUNT = 1_000;

/** Instances renewed by one heartbeat call; a host agent rarely holds more. `INVALID_REQUEST` */
export const HEARTBEAT_INSTANCES_MAX_COUNT = 10_000;

/** Length of a group, service, cluster, node or instance id in UTF-8; DNS names and file names fit. `INVALID_REQUEST` */
export const NAME_MAX_BYTES = 255;

/** Longest URL of an instance, as long as browsers and proxies commonly accept. `INVALID_REQUEST` */
export const URL_MAX_BYTES = 2_048;

/** Entries of an instance's or service's metadata. `INVALID_REQUEST` */
export const METADATA_MAX_COUNT = 64;

/** Keys and values of metadata together, in UTF-8. Every change sends them to every watcher. `INVALID_REQUEST` */
export const METADATA_MAX_BYTES = 8 * 1024;

/** Data of dialects in one instance, as JSON in UTF-8. Every change sends it to every watcher. `INVALID_REQUEST` */
export const EXTENSIONS_MAX_BYTES = 8 * 1024;

/**
 * A text that instances of a service share, stored once for all of them: enough for the endpoints of a version of a
 * go-micro service with a thousand methods. `INVALID_REQUEST`
 */
export const DOCUMENT_MAX_BYTES = 256 * 1024;

/**
 * Shared documents of one service: one for each of its versions, including those of a roll-out. One call carries all of
 * them, with escapes. They count towards the record bytes of the namespace. `LIMIT_EXCEEDED`
 */
export const DOCUMENTS_PER_SERVICE_MAX_COUNT = 32;

/** Levels of nesting in extensions; code that walks them must not overflow the stack. `INVALID_REQUEST` */
export const EXTENSIONS_MAX_DEPTH_COUNT = 32;

/** Tags of one instance; filters scan them. `INVALID_REQUEST` */
export const TAGS_MAX_COUNT = 64;

/** Named ports of one instance. `INVALID_REQUEST` */
export const PORTS_MAX_COUNT = 64;

/** Highest weight, the same as in Nacos. `INVALID_REQUEST` */
export const WEIGHT_MAX = 10_000;

/** Instances of one service; a resolve response of that size is about 2 MiB. `LIMIT_EXCEEDED` */
export const INSTANCES_PER_SERVICE_MAX_COUNT = 10_000;

/** Instances of one namespace, measured to fit into an object's 128 MB with room to work. `LIMIT_EXCEEDED` */
export const INSTANCES_PER_NAMESPACE_MAX_COUNT = 100_000;

/** Records of one namespace, as text in memory: a byte per character, two outside Latin-1. `LIMIT_EXCEEDED` */
export const RECORDS_PER_NAMESPACE_MAX_BYTES = 32 * 1024 * 1024;

/**
 * Largest override without metadata, as stored, that a full namespace accepts, so that an instance can be taken out of
 * traffic there too. One for each instance still fits into the object. `LIMIT_EXCEEDED`
 */
export const OVERRIDE_BEYOND_LIMIT_MAX_BYTES = 512;

/** Services of one namespace that were created explicitly. `LIMIT_EXCEEDED` */
export const SERVICES_PER_NAMESPACE_MAX_COUNT = 100_000;

/**
 * Removed services of one namespace that its journal still contains; each takes some 400 bytes of an object's memory.
 * Beyond this, the oldest part of the journal is dropped early.
 */
export const REMOVED_SERVICES_MAX_COUNT = 50_000;

/**
 * Share of a namespace's instances, services and record bytes that a token which does not operate it may hold; a
 * quarter stays for all others. `LIMIT_EXCEEDED`
 */
export const SHARE_OF_TOKEN_MAX_PERCENT_COUNT = 75;

/** The same for a token whose grants name services; half stays for services that they do not name. `LIMIT_EXCEEDED` */
export const SHARE_OF_SERVICE_TOKEN_MAX_PERCENT_COUNT = 50;

/** Tokens that statistics list as the largest holders of a namespace. */
export const LARGEST_HOLDERS_COUNT = 5;

/** Shortest time to live of a lease. Below this, heartbeats cost more than they are worth. `INVALID_REQUEST` */
export const LEASE_TTL_MIN_MS = 1_000;

/** Longest time to live of a lease. An instance that needs more should use `ephemeral: false`. `INVALID_REQUEST` */
export const LEASE_TTL_MAX_MS = 24 * 60 * 60 * 1_000;

/** Time to live if a registration sets none. */
export const LEASE_TTL_DEFAULT_MS = 30_000;

/** Longest time between the last renewal and removal; it fits into 32 bits and covers a weekend. `INVALID_REQUEST` */
export const LEASE_REMOVE_AFTER_MAX_MS = 7 * 24 * 60 * 60 * 1_000;

/** Heartbeats per time to live in the suggested interval, so that two may be lost. */
export const HEARTBEATS_PER_TTL_COUNT = 3;

/** Distinct lease terms that a namespace stores once each. Beyond this, terms are merely shared less. */
export const LEASE_TERMS_MAX_COUNT = 1_000;

/** Cached texts of seconds: those of recent registrations and of leases that expire soon. */
export const TIMESTAMP_SECONDS_MAX_COUNT = 256;

/** A renewal is durable at most this long after its response. */
export const CHECKPOINT_DELAY_MS = 5_000;

/** A look writes a checkpoint that is due within this time, which saves an alarm. */
export const CHECKPOINT_EARLY_MS = 1_000;

/** Leases in one row of a checkpoint: 160 kB, well under the platform's 2 MB per row. */
export const CHECKPOINT_LEASES_PER_ROW_COUNT = 10_000;

/** A host with a monotonic clock passes through its event loop at least this often. */
export const ATTENTION_PASS_MS = 250;

/** A pass or an alarm this late means that the registry was not receiving in the meantime. */
export const ATTENTION_LATE_MS = 250;

/** An alarm this late means the same on a host without a monotonic clock. */
export const LOOK_LATE_MS = 500;

/** A pass or an alarm this late ends no lease: requests that were queued in the meantime are handled first. */
export const ATTENTION_HASTE_MS = 100;

/** Longest time for which successive late passes delay the end of a lease. */
export const ATTENTION_HOLD_MAX_MS = 1_000;

/** A client without a response retries its renewal within this time, and within a tenth of its time to live. */
export const RENEWAL_RETRY_MAX_MS = 1_000;

/** If the wall clock differs from the monotonic clock by this, it jumped or the machine was suspended. */
export const CLOCK_JUMP_MIN_MS = 1_000;

/** Grace after a lease's limit before it is questioned, and again before it ends, so that renewals in flight arrive. */
export const LEASE_SLACK_MS = 250;

/** Attention without a gap that must precede the end of a lease that was silent for a long attended time. */
export const ATTENTION_STRETCH_MIN_MS = 1_000;

/** Attended time, in times to live, after which repeated gaps no longer keep a silent lease. */
export const ATTENDED_TTLS_MAX_COUNT = 2;

/** Looks per shortest time to live, by alarms on Cloudflare. A gap shorter than their interval goes unnoticed. */
export const LOOKS_PER_TTL_COUNT = 6;

/** Shortest time between looks, because each is billed. */
export const LOOK_INTERVAL_MIN_MS = 2_000;

/** Longest time between looks. */
export const LOOK_INTERVAL_MAX_MS = 60_000;

/** Shortest delay of the next alarm after one whose work failed. */
export const ALARM_RETRY_MS = 10_000;

/** Interval at which a file that could not be written is retried: cheap, and still prompt for the operator. */
export const WRITE_PROBE_INTERVAL_MS = 1_000;

/** Time after which a due change that can't be stored is retried. */
export const POSTPONED_MS = 1_000;

/** Shortest time between alarms, because an alarm loop would be expensive. */
export const ALARM_SPACING_MIN_MS = 250;

/** Alarms per hour above which a warning is logged: one per second, a quarter of what the spacing allows. */
export const ALARMS_PER_HOUR_WARN_COUNT = 3_600;

/** Leases that one commit of a sweep ends, so that no sweep blocks the object for 50 ms. */
export const SWEEP_SLICE_MAX_COUNT = 1_000;

/** Window in which an instance's last changes of health must lie for it to count as flapping. */
export const FLAPPING_WINDOW_MS = 5 * 60 * 1_000;

/** Changes of health that are remembered; more than two in the window are flapping. */
export const FLAPPING_CHANGES_COUNT = 3;

/** Time for which an override outlives its instance, so that a restart does not clear it. */
export const OVERRIDE_LINGER_MS = 10 * 60 * 1_000;

/** Attempts of a dialect to read and write an override while other writers change it. `REVISION_MISMATCH` */
export const OVERRIDE_TRIES_MAX_COUNT = 3;

/** Attempts of a dialect's change that reads a record and then writes it, while others change it. `UNAVAILABLE` */
export const DIALECT_CHANGE_ATTEMPTS_MAX_COUNT = 5;

/**
 * Quarantine that an operator's drain leaves behind, because a live client would register again at its next heartbeat.
 */
export const DRAIN_QUARANTINE_MS = 10 * 60 * 1_000;

/** Longest wait of one call. `INVALID_REQUEST` */
export const WAIT_MAX_MS = 5 * 60 * 1_000;

/** Default time for which a drain waits for its subscribers. */
export const DRAIN_WAIT_DEFAULT_MS = 30_000;

/** Longest time between a drain and the removal of the instance. `INVALID_REQUEST` */
export const DRAIN_GRACE_MAX_MS = 60 * 60 * 1_000;

/** Maximum age of a cached response if the call sets none. */
export const CACHED_MAX_AGE_DEFAULT_MS = 5_000;

/** Highest maximum age of a cached response that a call may set. `INVALID_REQUEST` */
export const CACHED_MAX_AGE_MAX_MS = 60_000;

/** Maximum age of journal entries. */
export const JOURNAL_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1_000;

/** Maximum number of revisions in the journal. */
export const JOURNAL_MAX_COUNT = 200_000;

/** Maximum size of the journal; a twentieth of an object's storage. */
export const JOURNAL_MAX_BYTES = 512 * 1024 * 1024;

/** Size of one journal row; a larger revision is split into parts. The platform allows 2 MB per row. */
export const JOURNAL_PART_MAX_BYTES = 1024 * 1024;

/** Changes of entries in one journal row, so that one turn can read a row and remove its heads. */
export const JOURNAL_PART_MAX_ENTRIES_COUNT = 1_000;

/**
 * Length of the key of an entry in bytes: a ZooKeeper path or an etcd key. Keys are in memory. `INVALID_REQUEST`
 */
export const ENTRY_KEY_MAX_BYTES = 4 * 1024;

/** Value of an entry, the same as in Consul. A change of it, before and after, fits into one row. `PAYLOAD_TOO_LARGE` */
export const ENTRY_VALUE_MAX_BYTES = 512 * 1024;

/** Body of a request that puts one entry. It exceeds that of a value, so that a slightly larger one is refused with its size. */
export const ENTRY_BODY_MAX_BYTES = 600 * 1024;

/** Content type of an entry; registered ones are much shorter. `INVALID_REQUEST` */
export const ENTRY_CONTENT_TYPE_MAX_CHARACTERS = 255;

/** Entries of one namespace. Each takes some 130 bytes of memory besides its key. `LIMIT_EXCEEDED` */
export const ENTRIES_PER_NAMESPACE_MAX_COUNT = 100_000;

/** Layouts in the settings of a namespace. Each shows up to all instances, as entries. `INVALID_REQUEST` */
export const LAYOUTS_PER_NAMESPACE_MAX_COUNT = 16;

/** Text of an address and a port in a value: a host name of 253 characters, brackets and a port. Longer ones are not parsed. */
export const PLACE_MAX_BYTES = 262;

/** JSON of an entry that a layout parses: four times the metadata of an instance, for escapes. A larger one is plain data. */
export const LAYOUT_OBJECT_MAX_BYTES = 32 * 1024;

/** The same for go-micro, whose endpoints may have {@link DOCUMENT_MAX_BYTES} in its registry of HTTP calls: some 5 ms. */
export const GO_MICRO_ENTRY_MAX_BYTES = 256 * 1024;

/**
 * Items of all lists of such an entry whose types are read: a schema takes some 5 ms for them. Endpoints with more don't fit
 * into {@link EXTENSIONS_MAX_BYTES} with their types.
 */
export const GO_MICRO_TYPES_MAX_COUNT = 1_000;

/** Endpoints of such an entry: the names of more don't fit into {@link EXTENSIONS_MAX_BYTES}. */
export const GO_MICRO_ENDPOINTS_MAX_COUNT = 500;

/** Beginning of an entry of gRPC naming that has its members. Others are not parsed; Go writes them first. */
export const NAMING_HEAD_MAX_BYTES = 512;

/** Entries, instances or bytes of values that one commit reads again after a change of layouts: some 10 ms. */
export const LAYOUT_SLICE_MAX_COUNT = 200;

/** Bytes of values that such a commit reads: some 5 ms. */
export const LAYOUT_SLICE_MAX_BYTES = 1024 * 1024;

/** Keys and values of all entries of one namespace; values are on disk. `LIMIT_EXCEEDED` */
export const ENTRIES_PER_NAMESPACE_MAX_BYTES = 256 * 1024 * 1024;

/** Keys of all entries of one namespace, which are in memory: 160 bytes for each of 100,000. `LIMIT_EXCEEDED` */
export const ENTRY_KEYS_PER_NAMESPACE_MAX_BYTES = 16 * 1024 * 1024;

/** Values of entries that a namespace caches: a sixteenth of an object's 128 MB. */
export const ENTRY_CACHE_MAX_BYTES = 8 * 1024 * 1024;

/** Distinct texts of facts about entries that a namespace stores once each. Beyond this, they are merely shared less. */
export const ENTRY_FACTS_MAX_COUNT = 1_000;

/** Deleted keys in memory: a conditional read of a range is unchanged by those outside of it. */
export const ENTRY_DELETIONS_KNOWN_MAX_COUNT = 256;

/**
 * Values of entries that are not on the disk yet. In memory are also the previous values, and the journal of both: four
 * times as much. Further puts wait until the disk has caught up.
 */
export const ENTRIES_UNWRITTEN_MAX_BYTES = 8 * 1024 * 1024;

/**
 * Compares of a transaction, and operations on each of its sides, with those of nested transactions: as many as etcd and
 * Consul allow. `INVALID_REQUEST`
 */
export const TRANSACTION_OPERATIONS_MAX_COUNT = 128;

/** Body of a transaction, and all of its keys and values: four of the largest values. `PAYLOAD_TOO_LARGE` */
export const TRANSACTION_MAX_BYTES = 2 * 1024 * 1024;

/** Entries that a transaction compares, deletes or sorts: every one of a full namespace, once. `LIMIT_EXCEEDED` */
export const TRANSACTION_VISITED_MAX_COUNT = 100_000;

/** Values that a transaction reads for its compares: each of its compares may read the largest one. `LIMIT_EXCEEDED` */
export const TRANSACTION_COMPARED_MAX_BYTES = 64 * 1024 * 1024;

/** Entries that a transaction deletes; each takes a row, and all of them are in memory at once. `LIMIT_EXCEEDED` */
export const TRANSACTION_DELETED_MAX_COUNT = 10_000;

/** Values that a transaction replaces or deletes, which are in memory twice for the journal. `LIMIT_EXCEEDED` */
export const TRANSACTION_REPLACED_MAX_BYTES = 16 * 1024 * 1024;

/** Entries that have changed since the moment of a rollback; each may take a row. `LIMIT_EXCEEDED` */
export const ENTRY_ROLLBACK_MAX_COUNT = 10_000;

/** Values that a rollback restores, and those that it replaces or deletes. `LIMIT_EXCEEDED` */
export const ENTRY_ROLLBACK_MAX_BYTES = 16 * 1024 * 1024;

/** Values of entries that one statement reads. */
export const ENTRIES_READ_AT_ONCE_MAX_COUNT = 1_000;

/** The same in bytes: enough for a thousand small ones. A single larger one is read by itself. */
export const ENTRIES_READ_AT_ONCE_MAX_BYTES = 2 * 1024 * 1024;

/** Entries that a wake reads at once. */
export const ENTRY_ROWS_PER_PAGE_COUNT = 1_000;

/** Maximum size of the changes of entries in the journal; they have a budget of their own. */
export const ENTRY_JOURNAL_MAX_BYTES = 512 * 1024 * 1024;

/** Maximum number of revisions with changes of entries alone whose content the journal keeps. */
export const ENTRY_JOURNAL_MAX_COUNT = 200_000;

/** Rows of a journal in all, including those that only keep the cursor of a revision: some 100 MB. */
export const JOURNAL_ROWS_MAX_COUNT = 1_000_000;

/** Changes of an entry that are followed back one by one, before the journal is read forward instead. */
export const ENTRY_STEPS_BACK_MAX_COUNT = 20;

/** Time to live of a lease that was granted by itself. An etcd client may hold one for a month. `INVALID_REQUEST` */
export const GRANTED_LEASE_TTL_MAX_MS = 30 * 24 * 60 * 60 * 1_000;

/**
 * Granted leases of one namespace: one for each instance or entry, as go-zero has. A token that does not operate the
 * namespace may have its share of them. `LIMIT_EXCEEDED`
 */
export const GRANTED_LEASES_MAX_COUNT = 100_000;

/** Entries of a lease that end in one turn, or in one slice of several turns. */
export const LEASE_END_SLICE_MAX_COUNT = 1_000;

/** The same, in bytes of their values: a part of the journal. */
export const LEASE_END_SLICE_MAX_BYTES = 1024 * 1024;

/** Locks of one lease. Each takes a row in the turn that ends the lease. `LIMIT_EXCEEDED` */
export const LEASE_LOCKS_MAX_COUNT = 1_000;

/** Leases that one statement removes: the platform binds 100 values per statement. */
export const LEASE_ROWS_PER_STATEMENT_COUNT = 100;

/** Instances that one granted lease holds. They are removed in one turn when it ends: 0.2 s of the processor. `LIMIT_EXCEEDED` */
export const LEASE_INSTANCES_MAX_COUNT = 10_000;

/** Longest data that a dialect stores with a granted lease. `INVALID_REQUEST` */
export const LEASE_DATA_MAX_BYTES = 1024;

/** All data of the granted leases of a namespace, which are in memory. `LIMIT_EXCEEDED` */
export const LEASE_DATA_PER_NAMESPACE_MAX_BYTES = 16 * 1024 * 1024;

/** Longest lock delay of a lease, as in Consul. */
export const LOCK_DELAY_MAX_MS = 60_000;

/** Shift of the axis since the last checkpoint that a wake stores while locks are delayed: smaller ones are the clock's own. */
export const SHIFT_STORED_MIN_MS = 1_000;

/** Rows of lock delays, also of past ones, that are kept at least before past ones are removed. */
export const LOCK_DELAY_ROWS_MIN_COUNT = 1_000;

/** Granted leases in one page of a list. */
export const GRANTED_LEASES_PER_PAGE_COUNT = 1_000;

/** Keys, and instances, that the description of one lease lists. The rest is only counted. */
export const LEASE_HOLDS_SHOWN_MAX_COUNT = 1_000;

/** Lines of one part of an export. The Worker holds one part while a slow reader takes it. */
export const EXPORT_PART_MAX_BYTES = 1024 * 1024;

/** Largest line of an import: a registration with full metadata and extensions takes a third of it. `PAYLOAD_TOO_LARGE` */
export const IMPORT_LINE_MAX_BYTES = 64 * 1024;

/**
 * Largest line of an entry: the largest value and key, as text whose characters are escaped, or as base64.
 * `PAYLOAD_TOO_LARGE`
 */
export const IMPORT_ENTRY_LINE_MAX_BYTES = 1_040 * 1024;

/** Lines of an import that one call passes to the namespace, which is what a Worker holds of a file. */
export const IMPORT_STAGE_MAX_BYTES = 512 * 1024;

/** The same as a number of records, so that staging them takes well under 50 ms of the object's time. */
export const IMPORT_STAGE_MAX_COUNT = 2_000;

/** Records of an import that are compared or looked up at once, for the same reason. */
export const IMPORT_SCAN_MAX_COUNT = 2_000;

/** Changes of an import in one revision, as many as in a batch. */
export const IMPORT_SLICE_MAX_COUNT = 1_000;

/** Values of entries, before and after, that an import compares or changes at once. A larger one is by itself. */
export const IMPORT_ENTRY_SLICE_MAX_BYTES = 2 * 1024 * 1024;

/** Slices of an import that one call applies, so that the client receives progress. Those that change nothing don't count. */
export const IMPORT_SLICES_PER_CALL_COUNT = 4;

/** An import that receives no further records for this time is discarded, unless it is already being applied. */
export const IMPORT_IDLE_MAX_MS = 10 * 60_000;

/** An import that is being applied continues by itself after this time without a call. */
export const IMPORT_RESUME_MS = 5_000;

/** Longest duration of an import; enough to upload 100,000 instances at 200 kbit/s. `DEADLINE_EXCEEDED` */
export const IMPORT_MAX_MS = 30 * 60_000;

/** Longest time for which the rest of a refused file is received and discarded, so that the client can read the error. */
export const IMPORT_DISCARD_MAX_MS = 30_000;

/** Longest time that an import waits for more of the file. `DEADLINE_EXCEEDED` */
export const IMPORT_PIECE_MAX_MS = 60_000;

/**
 * First revision of an epoch, per millisecond of the clock at its start: more than any namespace commits in that time.
 */
export const EPOCH_REVISIONS_PER_MS_COUNT = 1_000;

/** Records that one statement writes: five values for all, five for each, and the platform binds 100 per statement. */
export const RECORD_ROWS_PER_STATEMENT_COUNT = 19;

/** Records that a wake reads at once. */
export const RECORD_ROWS_PER_PAGE_COUNT = 250;

/** Journal rows removed in one commit of a compaction. */
export const COMPACTION_SLICE_MAX_COUNT = 500;

/** Heads removed in one commit of a compaction. The last row may add as many as it has. */
export const COMPACTION_SLICE_MAX_HEADS_COUNT = 1_000;

/** Journal rows that one page of the history, or one step of a reconstruction, reads: about 20 ms. */
export const PAST_SLICE_MAX_COUNT = 1_000;

/** Keys of entries that one step of a read of the past visits, besides those that have changed since. */
export const PAST_ENTRIES_VISITED_MAX_COUNT = 5_000;

/** Bytes of the journal's parts that a read of the past keeps decoded. */
export const PAST_PARTS_DECODED_MAX_BYTES = 4 * 1024 * 1024;

/** Keys of the revisions that a read of the past keeps: twice as many as one revision may change. */
export const PAST_KEYS_KEPT_MAX_COUNT = 200_000;

/** Steps in which a range of past entries is read. It then ends early, and another call continues. */
export const PAST_RANGE_STEPS_MAX_COUNT = 20;

/** Text of the journal that one page of the history reads; parsing and encoding it takes about 30 ms. */
export const PAST_SLICE_MAX_BYTES = 2 * 1024 * 1024;

/** History entries in a `why` response by default; the newest explain the current state. */
export const WHY_ENTRIES_DEFAULT_COUNT = 20;

/**
 * Text of one page of a list; encoding it takes about 100 ms. A longer list ends early with `next`, a longer resolution
 * has as many endpoints as fit, and a longer history entry reports how many changes it omits.
 */
export const LIST_TEXT_MAX_BYTES = 8 * 1024 * 1024;

/** Changes of one revision that readers of changes get one by one. For a larger revision they start over. `COMPACTED` */
export const CHANGES_OF_REVISION_MAX_BYTES = 8 * 1024 * 1024;

/** Largest payload of a call between a Worker and an object: the platform's 32 MiB, minus overhead. `INVALID_REQUEST` */
export const CALL_ANSWER_MAX_BYTES = 32 * 1024 * 1024 - 64 * 1024;

/** A part of a snapshot; encoding it takes about 50 ms, and a call between a Worker and an object may carry 32 MiB. */
export const SNAPSHOT_PART_MAX_BYTES = 4 * 1024 * 1024;

/** Instances of a service whose addresses a registration is compared with, to warn about a duplicate. */
export const DUPLICATE_ADDRESS_SCAN_MAX_COUNT = 100;

/** Rows of one page of a list. `INVALID_REQUEST` */
export const PAGE_MAX_COUNT = 100_000;

/** Minimum length of the root token: 190 bits if its characters are random. `NOT_CONFIGURED` */
export const ROOT_TOKEN_MIN_CHARACTERS = 32;

/** Headers of recent responses that an isolate caches. It clears the cache when it is full. */
export const KNOWN_HEADERS_MAX_COUNT = 256;

/** Parsed queries that a route caches. It clears the cache when it is full. */
export const KNOWN_QUERIES_MAX_COUNT = 256;

/** Longest query that is cached; one with a list of names or a cursor rarely repeats. */
export const KNOWN_QUERY_MAX_CHARACTERS = 200;

/** Field errors in one response. A batch can have thousands, and the first ones are enough. */
export const FIELD_ERRORS_MAX_COUNT = 20;

/** Innermost steps that are shown of the path to a duplicate key, because the sender chooses the depth of a body. */
export const SHOWN_PATH_STEPS_MAX_COUNT = 16;

/** Responses that one isolate caches for cached reads; the least recently used is evicted first. */
export const CACHED_READS_MAX_COUNT = 1_000;

/** Memory of the responses that one isolate caches: an eighth of its 128 MB. */
export const CACHED_READS_MAX_BYTES = 16 * 1024 * 1024;

/** The platform's cache is bypassed for this time after an error, and for twice as long after each further one. */
export const PLATFORM_CACHE_PAUSE_MIN_MS = 30_000;

/** Longest time for which the platform's cache is bypassed. */
export const PLATFORM_CACHE_PAUSE_MAX_MS = 600_000;

/** Longest wait of a cached read for an identical one in flight before it sends its own. */
export const CACHED_READ_FOLLOW_MAX_MS = 2_000;

/** Longest duration of a call to the namespace, on top of the wait that it requests. `DEADLINE_EXCEEDED` */
export const CALL_MAX_MS = 30_000;

/** Retries of a read whose failure the platform calls transient. The platform itself tries each up to five times. */
export const READ_REPEATS_MAX_COUNT = 2;

/** Retries of an idempotent change. Further retries are left to the client, which knows more. */
export const CHANGE_REPEATS_MAX_COUNT = 1;

/** Longest random delay before the first retry of a failed call to an object; it doubles with each further one. */
export const CALL_REPEAT_WITHIN_MS = 200;

/** No retry of a failed call starts later than this after the first attempt, so that no request is delayed for long. */
export const CALL_REPEATS_WINDOW_MS = 4_000;

/**
 * Retry tokens of one isolate for one object: a failed attempt takes one, a successful one restores a tenth, and there
 * are no retries below half.
 */
export const CALL_REPEAT_TOKENS_MAX_COUNT = 100;

/**
 * Longest time that a request waits for the directory before it is admitted. Nothing has been changed by then.
 * `UNAVAILABLE`
 */
export const DIRECTORY_ANSWER_MAX_MS = 5_000;

/**
 * Longest time that a request waits for the directory if it can use the last known answer: many times the usual
 * latency.
 */
export const DIRECTORY_PATIENCE_MS = 1_000;

/** Interval of calls to an unreachable directory; one request per interval may wait for it. `UNAVAILABLE` */
export const DIRECTORY_RETRY_INTERVAL_MS = 3_000;

/**
 * Time for which an answer of the directory stays valid while it is unreachable. A token that is revoked in that time
 * keeps working as long. `UNAVAILABLE`
 */
export const LAST_KNOWN_MAX_AGE_MS = 10 * 60 * 1_000;

/** Names of groups and services in the scope of one watch. `INVALID_REQUEST` */
export const WATCH_SCOPE_NAMES_MAX_COUNT = 256;

/** Watches of one socket. `LIMIT_EXCEEDED` */
export const WATCHES_PER_SOCKET_MAX_COUNT = 256;

/** State of a socket that survives while the object sleeps; the platform stores 16 KiB. `LIMIT_EXCEEDED` */
export const SOCKET_MEMORY_MAX_BYTES = 15 * 1024;

/** Sockets of one namespace; the platform allows 32,768 per object. `LIMIT_EXCEEDED` */
export const SOCKETS_PER_NAMESPACE_MAX_COUNT = 30_000;

/**
 * Largest frame that a client may send: a batch, or a transaction with all values in base64. A larger one closes the socket
 * with 1009.
 */
export const FRAME_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Frames of one socket that have arrived and are not handled yet: eight of the largest. A hibernating socket accepts
 * everything that arrives, so nothing else bounds them. More close the socket with 4010.
 */
export const SOCKET_FRAMES_PENDING_MAX_BYTES = 32 * 1024 * 1024;

/**
 * The same for all sockets of a namespace: half of an isolate's 128 MB. More close the socket of the next frame with
 * 4010.
 */
export const NAMESPACE_FRAMES_PENDING_MAX_BYTES = 64 * 1024 * 1024;

/** Bytes that a pending frame counts in addition to its text, so that a flood of tiny ones is bounded too. */
export const FRAME_PENDING_OVERHEAD_BYTES = 256;

/** Answers to frames of one socket that wait for the disk. Its next frames begin once some of them are sent. */
export const SOCKET_ANSWERS_WAITING_MAX_BYTES = 8 * 1024 * 1024;

/** The same for all sockets of a namespace: a quarter of an isolate's 128 MB. */
export const NAMESPACE_ANSWERS_WAITING_MAX_BYTES = 32 * 1024 * 1024;

/** Frames handled, and answers made and sent, before other work in the process gets a turn: about 20 ms of work. */
export const FRAMES_PER_TURN_BYTES = 64 * 1024;

/** A snapshot or a revision larger than this is sent in parts. */
export const FRAME_PART_MAX_BYTES = 256 * 1024;

/** Output that a receiver may leave unread: enough for a snapshot of 5,000 instances. Further output waits. */
export const CREDIT_INITIAL_BYTES = 4 * 1024 * 1024;

/** The same if many receivers are behind at once: enough for two records of the largest size. */
export const WINDOW_MIN_BYTES = 32 * 1024;

/** Unread output of all receivers of a namespace: half of an isolate's 128 MB. Further output waits. */
export const UNREAD_PER_NAMESPACE_MAX_BYTES = 64 * 1024 * 1024;

/** The same for the receivers of one token: a quarter stays for all others. */
export const UNREAD_PER_TOKEN_MAX_BYTES = 48 * 1024 * 1024;

/** The same for receivers that have not read anything yet, so that a flood of them leaves room for active readers. */
export const UNREAD_BY_NEWCOMERS_MAX_BYTES = 40 * 1024 * 1024;

/** The same for the newcomers of one token: a tenth stays for all others. */
export const UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES = 36 * 1024 * 1024;

/**
 * The n-th receiver that is behind gets one n-th of this share of the newcomers' room, so that hundreds get something.
 */
export const WINDOW_SHARES_COUNT = 8;

/** Maximum time for which turns of the event loop may follow each other without polling sockets. Polling takes 2 ms. */
export const TURNS_WITHOUT_SOCKETS_MAX_MS = 10;

/** A receiver that shows no sign of reading for this time, while output is pending, is closed with 4008. */
export const UNREAD_MAX_MS = 30_000;

/** Output between two marks: one frame each way for every part of a snapshot. */
export const MARK_INTERVAL_BYTES = 256 * 1024;

/**
 * Output to one connection since it last proved that it reads, whatever credit it claims: the largest snapshot. Closed
 * with 4008.
 */
export const UNPROVEN_PER_CONNECTION_MAX_BYTES = 64 * 1024 * 1024;

/**
 * Changes of one revision with the entries before them, as text. They are sent without a pause: beyond this, a watch gets
 * them without those entries, as the connection would be closed, at each attempt to resume.
 */
export const PREVIOUS_ENTRIES_MAX_BYTES = 32 * 1024 * 1024;

/**
 * The same for all connections of a namespace. Further output waits, and the worst connection of the worst token is
 * closed with 4008.
 */
export const UNPROVEN_PER_NAMESPACE_MAX_BYTES = 128 * 1024 * 1024;

/** The same for the connections of one token: a quarter stays for all others. */
export const UNPROVEN_PER_TOKEN_MAX_BYTES = 96 * 1024 * 1024;

/** A connection that has not returned its mark for this time is closed with 4008 when there is more to send. */
export const UNPROVEN_MAX_MS = 10 * 60_000;

/** If a client that returns marks leaves this much unread, its next frames wait until it has read some of it. */
export const ANSWERS_UNREAD_MAX_BYTES = 8 * 1024 * 1024;

/** Credit is stored when it has changed by this. When the object sleeps, credit used since then is granted again. */
export const CREDIT_STEP_BYTES = 512 * 1024;

/** A receiver without credit and with more pending output than this is closed, and resumes by cursor. */
export const BACKLOG_MAX_BYTES = 4 * 1024 * 1024;

/** A stream without matching changes gets its cursor after this time, at the next wake. */
export const BOOKMARK_INTERVAL_MS = 30_000;

/** The same as a number of revisions. */
export const BOOKMARK_REVISIONS_COUNT = 1_000;

/** Journal rows that are read for a watch that catches up before others get a turn. */
export const CATCH_UP_SLICE_MAX_COUNT = 500;

/** Time to live of a session's lease if the client sets none: three pings. */
export const SESSION_TTL_DEFAULT_MS = 45_000;

/** Pings per time to live of a session, so that two may be lost. */
export const PINGS_PER_TTL_COUNT = 3;

/** Interval of a session client's pings. The platform replies, so they do not wake the object. */
export const SESSION_PING_INTERVAL_MS = 15_000;

/**
 * Shortest ping interval that a namespace can configure. Below it, pings cost more than they are worth.
 * `INVALID_REQUEST`
 */
export const SESSION_PING_MIN_MS = 5_000;

/**
 * Longest ping interval: proxies close connections that are idle for longer, and a dead session keeps its instances for
 * three. `INVALID_REQUEST`
 */
export const SESSION_PING_MAX_MS = 60_000;

/** Clients that lose their sockets at once reconnect within this time each, so that other calls get a turn in between. */
export const RECONNECT_SPREAD_PER_CLIENT_MS = 4;

/** Shortest such period in total, so that a few clients do not all reconnect at the same moment. */
export const RECONNECT_SPREAD_MIN_MS = 1_000;

/** Time for which a drain counts a read without a subscriber name; up to twice as long. */
export const PLAIN_READS_WINDOW_MS = 60_000;

/** Time for which a poller counts as a live subscriber after its last poll ended. */
export const POLLER_LINGER_MS = 10_000;

/** Pollers of one token that a namespace tracks by name. Further readers count as blind; none is refused. */
export const POLLERS_PER_TOKEN_MAX_COUNT = 10_000;

/** The same for all tokens together: at most 32 MB with names of maximum length. */
export const POLLERS_PER_NAMESPACE_MAX_COUNT = 20_000;

/**
 * Interval of a namespace's checks, during reads, for pollers that did not return; a check with each read would cost
 * too much.
 */
export const POLLERS_PRUNE_INTERVAL_MS = 1_000;

/**
 * Lead time with which the row is written that bounds how long responses may be cached: one row a minute while they are
 * read.
 */
export const CACHED_HOLD_STEP_MS = 60_000;

/**
 * The same for the row that records that pollers exist: one row an hour. After a wake they return within seconds
 * anyway.
 */
export const POLLS_HOLD_STEP_MS = 60 * 60 * 1_000;

/** Ages that cached readers request are rounded up to this in that row, so that not every new age writes it. */
export const CACHED_AGE_ROUNDING_MS = 5_000;

/** Longest duration of an event stream over HTTP; the browser then resumes it. */
export const EVENT_STREAM_MAX_MS = 10 * 60 * 1_000;

/** Interval of comments on an idle event stream, so that proxies keep it open and a lost client is noticed. */
export const EVENT_STREAM_KEEPALIVE_MS = 15_000;

/** The rest of an ending event stream is dropped after this time, because its reader has stopped reading. */
export const EVENT_STREAM_FLUSH_MAX_MS = 15_000;

/**
 * Waits are shortened at random by up to this share, so that streams and polls that started together do not return
 * together.
 */
export const WAIT_JITTER_PERCENT_COUNT = 10;

/** Time for which a conditional read waits for a change if the request asks for a wait without a time. */
export const READ_WAIT_DEFAULT_MS = 30_000;

/** Polls and event streams of one subscriber in one isolate. A process that polls more should watch. `LIMIT_EXCEEDED` */
export const WAITS_PER_SUBSCRIBER_MAX_COUNT = 1_000;

/** Polls and event streams of one token in one isolate; each is a request and a socket. `LIMIT_EXCEEDED` */
export const WAITS_PER_TOKEN_MAX_COUNT = 10_000;

/** Longest accepted cursor, twice as long as real ones. `INVALID_REQUEST` */
export const CURSOR_MAX_CHARACTERS = 128;

/** Grants of one token. `INVALID_REQUEST` */
export const GRANTS_MAX_COUNT = 64;

/** Patterns of services in one grant. `INVALID_REQUEST` */
export const GRANT_SERVICES_MAX_COUNT = 64;

/**
 * Further services that one registration may claim with a token for some services. Each is compared with all grants, in
 * a batch for each instance. Instances usually have one or two virtual addresses. `INVALID_REQUEST`
 */
export const REGISTRATION_CLAIMS_MAX_COUNT = 16;

/**
 * Grants of one token, as JSON in UTF-8; they must fit into the state of a socket that the platform stores.
 * `INVALID_REQUEST`
 */
export const GRANTS_MAX_BYTES = 4 * 1024;

/** Tokens of one registry; the directory is one object, and lists them. `LIMIT_EXCEEDED` */
export const TOKENS_MAX_COUNT = 10_000;

/**
 * Tokens with a grant on one namespace, including ended ones whose sockets are still to be closed. Administrators of
 * all namespaces may create more. `LIMIT_EXCEEDED`
 */
export const TOKENS_PER_NAMESPACE_MAX_COUNT = 1_000;

/** Part of all tokens that only administrators of all namespaces can create. `LIMIT_EXCEEDED` */
export const TOKENS_RESERVED_COUNT = 1_000;

/** Namespaces of one registry, which only administrators of all namespaces can create. `LIMIT_EXCEEDED` */
export const NAMESPACES_MAX_COUNT = 10_000;

/** Shortest life of a token; twice as long as a verification is cached. `INVALID_REQUEST` */
export const TOKEN_LIFE_MIN_MS = 60_000;

/** Longest life of a token that expires: ten years. `INVALID_REQUEST` */
export const TOKEN_LIFE_MAX_MS = 10 * 365 * 24 * 60 * 60 * 1_000;

/** Longest time for which the previous secret stays valid after a rotation. `INVALID_REQUEST` */
export const TOKEN_OVERLAP_MAX_MS = 30 * 24 * 60 * 60 * 1_000;

/** Resolution of a token's last use, so that storing it costs at most one row per hour. */
export const TOKEN_USE_STEP_MS = 60 * 60 * 1_000;

/**
 * Time for which an isolate caches the verification of a token, and so the longest time that a revocation takes to
 * apply.
 */
export const VERIFICATION_MAX_AGE_MS = 30_000;

/** Verifications of tokens, valid and invalid, that an isolate caches; the least recently used is evicted first. */
export const VERIFICATIONS_MAX_COUNT = 1_000;

/** Longest wait of a request for another's verification of its token before it sends its own. */
export const VERIFICATION_FOLLOW_MAX_MS = 2_000;

/**
 * Longest token or ticket that is checked. Issued ones have 60 characters, and a root token needs no more.
 * `UNAUTHENTICATED`
 */
export const CREDENTIAL_MAX_CHARACTERS = 1_024;

/**
 * Time for which a browser caches a preflight response: a page makes one extra call per period, and a change applies
 * soon.
 */
export const PREFLIGHT_MAX_AGE_MS = 10 * 60 * 1_000;

/** Time for which an isolate caches that a namespace exists, and its placement. */
export const NAMESPACE_ENTRY_MAX_AGE_MS = 30_000;

/** Time for which an isolate caches that a namespace does not exist; another isolate may create it at any time. */
export const NAMESPACE_ABSENCE_MAX_AGE_MS = 2_000;

/**
 * Interval of the checks of the tokens of open sockets, which may have ended while the directory could not notify the
 * namespace.
 */
export const SOCKET_TOKENS_CHECK_INTERVAL_MS = 15 * 60 * 1_000;

/**
 * Delay before that check is repeated if the directory is unreachable; elsewhere revocations reach sockets within this
 * time.
 */
export const SOCKET_TOKENS_RETRY_MS = 30_000;

/** Life of a ticket: long enough to open a socket with it. */
export const TICKET_LIFE_MS = 30_000;

/** Valid tickets of one token at a time; a page needs one for each of its sockets. `LIMIT_EXCEEDED` */
export const TICKETS_PER_TOKEN_MAX_COUNT = 100;

/** Longest life of a token that a ticket was redeemed for: a working day, after which a person signs in again. */
export const REDEEMED_TOKEN_LIFE_MAX_MS = 12 * 60 * 60 * 1_000;

/**
 * Tickets of one token that can be redeemed for tokens within {@link REDEEMED_TOKEN_LIFE_MAX_MS}; the directory keeps a
 * row for each until then. `LIMIT_EXCEEDED`
 */
export const REDEEMED_TOKENS_PER_TOKEN_MAX_COUNT = 100;

/** Body of a request that redeems a ticket. It is read before the ticket is checked, so it is small. `PAYLOAD_TOO_LARGE` */
export const TICKET_BODY_MAX_BYTES = 8 * 1024;

/**
 * Failed logins within {@link FAILED_LOGINS_WINDOW_MS} from one address, or for one token id if no address is known.
 * `LIMIT_EXCEEDED`
 */
export const FAILED_LOGINS_MAX_COUNT = 20;

/** Window in which failed logins are counted. */
export const FAILED_LOGINS_WINDOW_MS = 60_000;

/** Addresses and token ids whose failed logins an isolate counts; the least recently used is evicted first. */
export const FAILED_LOGIN_SOURCES_MAX_COUNT = 10_000;

/** Maximum age of audit entries. */
export const AUDIT_MAX_AGE_MS = 400 * 24 * 60 * 60 * 1_000;

/**
 * Entries of the audit trail. Beyond this, the oldest of the namespace with the most entries are removed. At 3 KB each,
 * they take a third of an object's storage.
 */
export const AUDIT_MAX_COUNT = 1_000_000;

/** Audit entries of one namespace. Beyond this, the oldest of the token with the most entries are removed. */
export const AUDIT_PER_NAMESPACE_MAX_COUNT = 100_000;

/**
 * Audit entries of root, and of changes of tokens and namespaces by administrators of all namespaces. Entries of
 * namespaces can't displace them.
 */
export const AUDIT_OF_DIRECTORY_MAX_COUNT = 250_000;

/** Length of a key in an entry of the audit trail, which has up to a million; a longer one is truncated. */
export const AUDITED_KEY_MAX_CHARACTERS = 512;

/** Old audit entries that are removed with each new one, so that more are removed than added. */
export const AUDIT_TRIMMED_WITH_EACH_COUNT = 4;

/** Entries of one page of the audit trail. `INVALID_REQUEST` */
export const AUDIT_PAGE_MAX_COUNT = 1_000;

/** Length of a namespace's title. `INVALID_REQUEST` */
export const NAMESPACE_TITLE_MAX_CHARACTERS = 200;

/** Shortest history of a namespace; a watcher that reconnects within this time misses nothing. `INVALID_REQUEST` */
export const RETENTION_MIN_MS = 60_000;

/** Watches of all sockets of a namespace; each takes a kilobyte of memory. `LIMIT_EXCEEDED` */
export const WATCHES_PER_NAMESPACE_MAX_COUNT = 60_000;

/** Highest rate that can be configured; an object handles a hundredth of it. `INVALID_REQUEST` */
export const REQUESTS_PER_SECOND_MAX_COUNT = 1_000_000;

/** Delay before the directory retries a call to an unreachable namespace; it doubles with each attempt. */
export const ERRAND_RETRY_MIN_MS = 1_000;

/** Longest delay between such retries: half of the time that a revocation may take once the namespace is reachable. */
export const ERRAND_RETRY_MAX_MS = 15_000;

/** Namespaces that the directory calls concurrently. */
export const ERRANDS_AT_ONCE_MAX_COUNT = 50;

/**
 * Work of each kind that one alarm of the directory does. A call to a namespace is a request, and the platform limits
 * those.
 */
export const DIRECTORY_SLICE_MAX_COUNT = 500;

/** Namespaces, existing or not, that an isolate caches; the least recently used is evicted first. */
export const NAMESPACES_REMEMBERED_MAX_COUNT = 10_000;

/**
 * Time for which a surface itself refuses a token that exceeded its rate, at most for its `Retry-After`.
 * `LIMIT_EXCEEDED`
 */
export const RATE_REFUSAL_MAX_AGE_MS = 1_000;

/** Tokens that a surface refuses this way at a time; the least recently used is evicted first. */
export const RATE_REFUSALS_MAX_COUNT = 1_000;

/**
 * Lines per second about refusals, and as many about failures, that an isolate logs if it does not log every request,
 * so that a flood fills no disk.
 */
export const LOG_REFUSALS_PER_SECOND_MAX_COUNT = 20;

/**
 * Namespaces in one scrape of `/metrics`: half of the thousand calls that Cloudflare allows a request, as retries take
 * some of them, and about 2 MB of text. `rollcall_namespaces_left_out` counts the others; for those that a scrape names,
 * `INVALID_REQUEST`.
 */
export const METRICS_NAMESPACES_MAX_COUNT = 500;

/** Namespaces that a scrape reads at a time: enough to read all in about a second, few enough not to slow other callers. */
export const METRICS_CALLS_AT_ONCE_MAX_COUNT = 32;

/** Longest wait of a scrape for the figures of one namespace. */
export const METRICS_CALL_MAX_MS = 2_000;

/** Time after which a scrape reads no further namespace; by default, Prometheus waits ten seconds for the whole scrape. */
export const METRICS_COLLECT_MAX_MS = 5_000;

/**
 * Longest time for which scrapes repeat the figures of an idle namespace; the shortest is half of it. Reading a namespace at
 * each scrape would keep it awake.
 */
export const METRICS_IDLE_MAX_AGE_MS = 5 * 60_000;

/**
 * Idle namespaces whose figures an isolate caches: four full scrapes, at about 2 KB each. The least recently used is
 * evicted first.
 */
export const METRICS_IDLE_MAX_COUNT = 2_000;

/** Tokens whose rate a namespace tracks. Beyond this, it forgets those that were idle for a second. */
export const RATE_BUCKETS_SWEEP_COUNT = 1_000;

/**
 * Lease of go-micro registrations: its clients set none, and register again every 30 s. Source: go-micro's own
 * `RegisterTTL`.
 */
export const GO_MICRO_LEASE_TTL_MS = 90_000;

/**
 * Largest body of a go-micro registration: endpoints of {@link DOCUMENT_MAX_BYTES} take up to twice that as Go encodes
 * them, with null and empty members. `PAYLOAD_TOO_LARGE`
 */
export const GO_MICRO_BODY_MAX_BYTES = 512 * 1024;

/**
 * Items of all lists in a go-micro registration: nodes, endpoints, members of types. A body encoded by Go has no room
 * for as many; one of empty items would block other callers for a second. `INVALID_REQUEST`
 */
export const GO_MICRO_ITEMS_MAX_COUNT = 16_384;

/**
 * Longest message to a go-micro watcher, which stops receiving for good after one of more than 16,384 bytes. Source:
 * its websocket's read limit.
 */
export const GO_MICRO_MESSAGE_MAX_BYTES = 16_000;

/** Beat interval of a Nacos client if its metadata sets none. Source: Nacos' `preserved.heart.beat.interval`. */
export const NACOS_BEAT_INTERVAL_DEFAULT_MS = 5_000;

/** Time without a beat after which a Nacos instance is unhealthy, if its metadata sets none. Source: the same. */
export const NACOS_BEAT_TIMEOUT_DEFAULT_MS = 15_000;

/** Time without a beat after which it is removed. Nacos' slowest client sends the first beat 10 s after it registers. */
export const NACOS_DELETE_TIMEOUT_DEFAULT_MS = 30_000;

/** Time between two polls of a Nacos client: what Nacos 1 sends to clients that it can't push to. */
export const NACOS_CACHE_MS = 3_000;

/**
 * Shortest poll or beat interval of Nacos clients that a namespace can configure; their timers count in seconds.
 * `INVALID_REQUEST`
 */
export const NACOS_INTERVAL_MIN_MS = 1_000;

/**
 * Longest such interval: clients see a change that late, and a dead instance is removed after six beats.
 * `INVALID_REQUEST`
 */
export const NACOS_INTERVAL_MAX_MS = 60_000;

/** Beats of a Nacos client before its instance would become unhealthy; twice as many before it would be removed. */
export const NACOS_BEATS_PER_TTL_COUNT = 3;

/** Time for which an isolate caches the intervals of a namespace without polls. */
export const NACOS_INTERVALS_MAX_AGE_MS = 30_000;

/**
 * Shortest time between an isolate's checks of a namespace for changes, on behalf of all Nacos polls. Each check is a
 * request.
 */
export const NACOS_CHECK_MAX_AGE_MS = 1_000;

/** Longest wait of a poll for another's check, or for a list that another reads, before it sends its own. */
export const NACOS_CHECK_FOLLOW_MAX_MS = 2_000;

/**
 * Reads that an isolate has answered and not yet reported to their namespaces. Beyond this, the oldest of a namespace
 * that has as many are dropped, or else those of the others.
 */
export const NACOS_READS_UNREPORTED_MAX_COUNT = 10_000;

/**
 * Services whose last change an isolate remembers. Beyond this, all services of a namespace with as many count as
 * changed, or else those of the others.
 */
export const NACOS_CHANGES_REMEMBERED_MAX_COUNT = 50_000;

/** Lists that one isolate caches for Nacos clients: an eighth of its 128 MB. The least recently used is evicted first. */
export const NACOS_LISTS_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Time in which a request of a Nacos client over gRPC is answered, whether the registry has answered or not: clients give up
 * after 3 s, and repeat it.
 */
export const NACOS_ANSWER_MAX_MS = 2_500;

/** Time after which a Nacos connection is asked for a sign of life, if nothing has come from its client. Source: Nacos' own. */
export const NACOS_SILENCE_MAX_MS = 20_000;

/** Time for a Nacos client to give that sign, or to acknowledge a push. Source: Nacos' own. */
export const NACOS_REPLY_MAX_MS = 5_000;

/**
 * Shortest time between two pushes of a list to one Nacos client: changes in between are pushed together. Some clients hand lists that
 * follow each other more closely to their listeners in any order. Nacos itself waits for 500 ms before each push.
 */
export const NACOS_PUSH_INTERVAL_MS = 50;

/** Instances that one Nacos connection may have registered, and those of one request. `LIMIT_EXCEEDED` */
export const NACOS_INSTANCES_PER_CONNECTION_MAX_COUNT = 10_000;

/** Services to which one Nacos connection may subscribe. `LIMIT_EXCEEDED` */
export const NACOS_SUBSCRIPTIONS_PER_CONNECTION_MAX_COUNT = 5_000;

/** Services to which it subscribes over one socket of the namespace. */
export const NACOS_SUBSCRIPTIONS_PER_SOCKET_MAX_COUNT = 200;

/** Patterns by which one Nacos connection may watch the names of services. Source: the default of Nacos 3. `LIMIT_EXCEEDED` */
export const NACOS_PATTERNS_PER_CONNECTION_MAX_COUNT = 20;

/** Names in one push to such a watch. */
export const NACOS_NAMES_PER_PUSH_MAX_COUNT = 200;

/** Pairs of namespace and token in use by one Nacos connection: clients have one, and while a token is rotated two. */
export const NACOS_LOGINS_PER_CONNECTION_MAX_COUNT = 8;

/** Clients of one token that a server of Nacos remembers, by namespace and address. */
export const NACOS_CLIENTS_PER_TOKEN_MAX_COUNT = 1_000;

/** Size of a request of a Nacos client over gRPC. Source: the limit of Nacos' server. */
export const NACOS_MESSAGE_MAX_BYTES = 10 * 1024 * 1024;

/** Unanswered requests of one Nacos connection. `LIMIT_EXCEEDED` */
export const NACOS_REQUESTS_PER_CONNECTION_MAX_COUNT = 1_000;

/** Time for Nacos clients to go elsewhere when their server stops. */
export const NACOS_RESET_MAX_MS = 1_000;

/**
 * Instances in the copies of namespaces that an isolate caches for clients of one API: up to 5.8 KB each with their lists,
 * about half of its 128 MB. The copy of a single namespace may be larger, up to {@link COPY_INSTANCES_MAX_COUNT}.
 */
export const COPIES_INSTANCES_MAX_COUNT = 12_000;

/**
 * Instances of a namespace that APIs with lists of all services show: their copy and their list take two thirds of an
 * isolate's memory.
 */
export const COPY_INSTANCES_MAX_COUNT = 25_000;

/**
 * Text of a full list that the Eureka API caches, encoded and compressed once. A longer one is streamed to each reader.
 */
export const EUREKA_LIST_KEPT_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Text of the instances in the copies that an isolate caches for clients of one API; that of a single namespace may have
 * more.
 */
export const COPIES_TEXT_MAX_BYTES = 32 * 1024 * 1024;

/** Namespaces of which an isolate caches a copy; the least recently used is evicted first. */
export const COPIES_MAX_COUNT = 64;

/** Longest wait of a request for a copy that another request is loading before it loads its own. */
export const COPY_FOLLOW_MAX_MS = 5_000;

/** Slices of the journal that may update a copy. Beyond this, reading all instances again is cheaper. */
export const COPY_SLICES_MAX_COUNT = 8;

/**
 * Registrations of Eureka clients that an isolate caches for their heartbeats. Beyond this, the least recently used are
 * read again.
 */
export const EUREKA_REGISTRATIONS_REMEMBERED_MAX_COUNT = 20_000;

/** Checks of a service of Consul's clients: all but one TTL check are records of their own. `INVALID_REQUEST` */
export const CONSUL_CHECKS_MAX_COUNT = 32;

/**
 * Checks of Consul's clients that an isolate caches for the next results of them. Beyond this, the least recently used are
 * read again.
 */
export const CONSUL_CHECKS_REMEMBERED_MAX_COUNT = 20_000;

/** Fewest instances for self-preservation: of fewer, a single lost one may already be more than 15 %. */
export const SELF_PRESERVATION_INSTANCES_MIN_COUNT = 10;

/** Share of clients that must renew; below it, expired instances are kept. Source: Eureka's `renewalPercentThreshold`. */
export const SELF_PRESERVATION_RENEWING_MIN_PERCENT_COUNT = 85;

/**
 * Size of the WAL that starts a checkpoint, on one machine. A larger one means fewer checkpoints, and a longer start
 * after a crash.
 */
export const WAL_CHECKPOINT_BYTES = 4 * 1024 * 1024;

/**
 * Size of the WAL above which commits wait for a checkpoint. Otherwise it might never reach the end, and the file would
 * keep growing.
 */
export const WAL_HOLD_BYTES = 16 * 1024 * 1024;

/** Idle time after which a namespace on one machine is taken out of memory and is only a file. */
export const NAMESPACE_SLEEP_AFTER_MS = 60_000;

/** A namespace that is due within this time stays awake, because closing and opening it costs two checkpoints. */
export const NAMESPACE_SLEEP_MIN_MS = 10_000;

/**
 * Number of open namespaces above which idle ones are closed after a second, the longest idle ones first. Each holds five
 * descriptors and 0.3 MB.
 */
export const NAMESPACES_AWAKE_MAX_COUNT = 1_500;

/** Interval at which the host checks for idle namespaces and for deleted or replaced files. */
export const NAMESPACES_LOOK_INTERVAL_MS = 1_000;

/** Number of namespaces that a start opens at the same time, so that the disk works on one while another is read. */
export const NAMESPACES_OPENED_AT_ONCE_MAX_COUNT = 8;

/** Time for which opening a locked database is retried. A killed process holds its locks until its last flush has ended. */
export const DATABASE_LOCKED_MAX_MS = 10_000;

/** Interval of these retries. */
export const DATABASE_LOCKED_RETRY_MS = 50;

/** Length of a filter of Consul's. Those of its guides have some hundred characters. `INVALID_REQUEST` */
export const CONSUL_FILTER_MAX_CHARACTERS = 4_096;

/** Nesting of a filter, which its parser and its evaluation follow on the stack. `INVALID_REQUEST` */
export const CONSUL_FILTER_DEPTH_MAX_COUNT = 64;

/** Comparisons in a filter, which are made for each record of a list. `INVALID_REQUEST` */
export const CONSUL_FILTER_COMPARISONS_MAX_COUNT = 64;

/** Length of a regular expression in a filter; repetitions may make 1,000 states of a few characters. `INVALID_REQUEST` */
export const CONSUL_PATTERN_MAX_CHARACTERS = 256;

/** Sum of the counts of repetitions in the regular expressions of a filter, which bounds the time to compile them. `INVALID_REQUEST` */
export const CONSUL_PATTERN_REPEATS_MAX_COUNT = 200;

/** States of the regular expressions of a filter together. The time of a match is their product with the text. `INVALID_REQUEST` */
export const CONSUL_PATTERN_STATES_MAX_COUNT = 1_000;

/** States times characters that one filter may visit. The worst expressions take some 0.4 s for so many. `INVALID_REQUEST` */
export const CONSUL_PATTERN_STEPS_MAX_COUNT = 50_000_000;

/** Longest wait of a blocking query of Consul's clients, before its random part. They repeat a query that returns unchanged. */
export const CONSUL_WAIT_MAX_MS = 2 * 60 * 1_000;

/** Answers to reads of Consul's clients that an isolate caches. */
export const CONSUL_ANSWERS_MAX_COUNT = 10_000;

/** Memory of those answers, of an isolate's 128 MB. */
export const CONSUL_ANSWERS_MAX_BYTES = 16 * 1024 * 1024;

/** Memory of the lists over all services that an isolate caches for Consul's clients. */
export const CONSUL_LISTS_MAX_BYTES = 8 * 1024 * 1024;

/** Queries of Consul's clients that an isolate keeps parsed. */
export const CONSUL_QUERIES_MAX_COUNT = 1_000;

/** Longest query that is kept parsed. */
export const CONSUL_QUERY_KEPT_MAX_CHARACTERS = 512;

/** Sessions whose behavior an isolate remembers, so that locking a key takes one call. */
export const CONSUL_SESSIONS_KNOWN_MAX_COUNT = 10_000;

/** Pause between two looks of a blocking query for sessions, which have no revision. */
export const CONSUL_SESSIONS_LOOK_MS = 5_000;

/** Keys that one look at a list of names reads, if it cuts names. The next look passes over those that are cut alike. */
export const CONSUL_KEYS_PER_LOOK_COUNT = 1_000;

/** Attempts of a transaction of Consul's, whose keys may change between its look at them and its changes. */
export const CONSUL_TXN_ATTEMPTS_MAX_COUNT = 10;

/**
 * Values in one answer to a range of etcd's clients, which read all of a range at once. A longer one is refused with
 * etcd's error for requests that are too large. An isolate has 128 MB, and holds them a few times while it answers.
 */
export const ETCD_RANGE_MAX_BYTES = 16 * 1024 * 1024;

/** Shortest time to live that etcd grants with its default settings; shorter ones become it. */
export const ETCD_LEASE_TTL_MIN_MS = 2_000;

/** Watches on one stream of an etcd client, which puts all its watches on one. Further ones are cancelled at once. */
export const ETCD_WATCHES_PER_STREAM_MAX_COUNT = 10_000;

/** Size above which a response is split for a watch that accepts fragments: the size of requests that etcd accepts. */
export const ETCD_WATCH_FRAGMENT_BYTES = 1536 * 1024;

/**
 * Times that watches behind others are asked for one request for progress, which is dropped then. etcd drops it the first
 * time; a client asks again.
 */
export const ETCD_PROGRESS_ROUNDS_MAX_COUNT = 10;

/** Interval at which a watch that asked for it learns that nothing has changed. etcd has ten minutes. */
export const ETCD_PROGRESS_INTERVAL_MS = 60_000;

/** Size of a message that a gRPC method receives, unless it sets its own: etcd's. gRPC answers 8, resource exhausted. */
export const GRPC_MESSAGE_MAX_BYTES = 2 * 1024 * 1024;

/** Metadata of a gRPC call: twice the 8 KiB that gRPC recommends, with room for a token. A larger block resets the stream. */
export const GRPC_HEADERS_MAX_BYTES = 32 * 1024;

/**
 * Bytes that a gRPC connection holds of requests that are not complete and of answers that are not read: several of
 * {@link ETCD_RANGE_MAX_BYTES}. gRPC answers 8, resource exhausted, and resets streams with unread answers.
 */
export const GRPC_HELD_PER_CONNECTION_MAX_BYTES = 64 * 1024 * 1024;

/** As {@link GRPC_HELD_PER_CONNECTION_MAX_BYTES}, of all connections together: what a small machine can spare. */
export const GRPC_HELD_MAX_BYTES = 512 * 1024 * 1024;

/** Text of a gRPC status with percent-encoding, beyond which it is cut: clients accept trailers of 8 KiB. */
export const GRPC_DETAILS_MAX_BYTES = 4_096;

/** Path of a call that is no method, beyond which the refusal cuts it. */
export const GRPC_UNKNOWN_PATH_MAX_CHARACTERS = 200;

/** Open gRPC streams of a connection. A client of etcd may open one for each watch; an idle one takes some 10 KB. */
export const GRPC_STREAMS_PER_CONNECTION_MAX_COUNT = 10_000;

/**
 * Open gRPC streams of all connections, which take some 500 MB. Beyond this, only connections with less than their share open
 * further ones, so that a few clients do not shut out all others, up to twice as many. gRPC answers 8, resource exhausted.
 */
export const GRPC_STREAMS_MAX_COUNT = 50_000;

/** Connections of a port for gRPC; each takes some 100 KB with its compression tables. Further ones are closed at once. */
export const GRPC_CONNECTIONS_MAX_COUNT = 10_000;

/** Unread output of a gRPC stream up to which its owner may send without waiting: one window of HTTP/2. */
export const GRPC_OUTPUT_READY_MAX_BYTES = 64 * 1024;

/** Unread output of a gRPC stream whose owner does not wait. Beyond this, the stream is reset as one that demands too much. */
export const GRPC_OUTPUT_UNREAD_MAX_BYTES = 16 * 1024 * 1024;

/** Time for which a client may leave the end of a gRPC answer unread, which keeps all of it in memory. */
export const GRPC_ANSWER_UNREAD_MAX_MS = 60_000;

/** Deadline for the message of a unary gRPC call, and for the rest of one of a stream. gRPC answers 4, deadline exceeded. */
export const GRPC_REQUEST_MAX_MS = 60_000;

/** Window of HTTP/2 for the requests of a gRPC stream: eight round trips for a message of maximum size. */
export const GRPC_STREAM_WINDOW_BYTES = 256 * 1024;

/** Window of HTTP/2 for the requests of a gRPC connection: what its client may have under way at once. */
export const GRPC_CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024;

/** Interval at which the peer of a gRPC connection is pinged, so that a frozen or unreachable one is noticed. */
export const GRPC_KEEPALIVE_INTERVAL_MS = 60_000;

/** Time for a ping of a gRPC connection to be acknowledged, as in etcd. */
export const GRPC_KEEPALIVE_TIMEOUT_MS = 20_000;

/** Time after which a gRPC connection without a stream is closed. Go's clients close theirs after 30 minutes. */
export const GRPC_IDLE_CONNECTION_MAX_MS = 35 * 60_000;

/** Interval at which gRPC connections are checked against these deadlines. */
export const GRPC_CHECK_INTERVAL_MS = 1_000;

/** Streams that a gRPC client may reset at once; beyond this, the rate below. A cancelled call resets its stream. */
export const GRPC_RESETS_BURST_MAX_COUNT = 10_000;

/** Streams that a gRPC client may reset in a second before its connection is closed, against floods of resets. */
export const GRPC_RESETS_PER_SECOND_MAX_COUNT = 1_000;

/** Frames without content that a gRPC client may send at once, such as pings; beyond this, the rate below. */
export const GRPC_IDLE_FRAMES_BURST_MAX_COUNT = 10_000;

/** Frames without content that a gRPC client may send in a second before its connection is closed, besides those for windows. */
export const GRPC_IDLE_FRAMES_PER_SECOND_MAX_COUNT = 1_000;

/** Time for a new connection to send the first bytes, by which a shared port tells HTTP/1 from HTTP/2. */
export const FIRST_BYTES_MAX_MS = 10_000;

/** Time for which a call through a gateway waits for the connection to the registry to open. etcd's clients come back after it. */
export const GATEWAY_CALL_OPEN_MAX_MS = 5_000;

/** Tokens of clients for which a gateway keeps connections open. Each has a socket, and one more for each stream of watches. */
export const GATEWAY_TOKENS_MAX_COUNT = 1_000;

/** Time after which a gateway asks the registry again what a token may do, as everywhere else: a revoked one ends with it. */
export const GATEWAY_TOKEN_MAX_AGE_MS = 30_000;

/**
 * Body of a request over etcd's JSON, and each message of a stream: the 2 MiB that etcd's transport accepts, in base64, with
 * room for the names of members. `PAYLOAD_TOO_LARGE`
 */
export const ETCD_JSON_MAX_BYTES = 3 * 1024 * 1024;

/** Body of a stream of etcd's JSON that is read as a whole, if the stream ends with its requests. */
export const ETCD_SHORT_STREAM_MAX_BYTES = 64 * 1024;

/** Length of what a stream of etcd's JSON has not written yet above which its watches are paused. */
export const ETCD_STREAM_QUEUE_CHARACTERS = 1024 * 1024;

/**
 * Length of what a stream of etcd's JSON has not written yet beyond which a further message cuts it off, as its client does not
 * read: what answers requests or follows an election can't be paused. A single message may be longer.
 */
export const ETCD_STREAM_QUEUE_MAX_CHARACTERS = 16 * 1024 * 1024;

/** Time after which a stream of etcd's JSON, which has no end, no longer counts for its token if it was cut off unnoticed. */
export const ETCD_STREAM_WAIT_MS = 60 * 60 * 1_000;

/** Requests of one stream of an etcd client that wait for their turn, before no further ones are read. */
export const ETCD_STREAM_BACKLOG_COUNT = 100;
