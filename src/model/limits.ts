/**
 * Every limit of the registry, in one place. The suffix of a name is its unit; the comment gives the reason and the
 * code raised beyond it. Nothing is ever clamped or cut off: over a limit is an error.
 */

/** Largest body of one call; a registration with full metadata and extensions takes a third of it. `PAYLOAD_TOO_LARGE` */
export const BODY_MAX_BYTES = 64 * 1024;

/** A form at the door of a dialect is waited for this long: its sender may be a stranger who sends a byte and no more. `INVALID_REQUEST` */
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
 * The same for a body that is read as a stream, such as that of an import. The app itself waits up to a minute for a chunk, and
 * reads streams only from callers with a token.
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

/** Multiple of {@link UNREAD_OUTPUT_MAX_MS} after which a client that reads nothing is disconnected, however much output waits. */
export const UNREAD_OUTPUT_STRETCH_COUNT = 4;

/** Size of the chunks in which a large text is written. Each waits until the client has taken the previous one. */
export const OUTPUT_PIECE_MAX_BYTES = 256 * 1024;

/** Maximum unread output of a socket, twice a full snapshot. A client that leaves more unread is disconnected. */
export const SOCKET_UNREAD_MAX_BYTES = 64 * 1024 * 1024;

/** Time for a client to answer the close of its socket, after which it is disconnected. */
export const SOCKET_CLOSE_MAX_MS = 10_000;

/** Interval at which connections are checked against these deadlines, and against Node's own. */
export const CONNECTION_CHECK_INTERVAL_MS = 1_000;

/** Interval at which a server without new connections is checked to still accept them. */
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

/** Longest URL of an instance; what browsers and proxies commonly accept. `INVALID_REQUEST` */
export const URL_MAX_BYTES = 2_048;

/** Entries of an instance's or service's metadata. `INVALID_REQUEST` */
export const METADATA_MAX_COUNT = 64;

/** Keys and values of metadata together, in UTF-8: it is sent to every watcher with every change. `INVALID_REQUEST` */
export const METADATA_MAX_BYTES = 8 * 1024;

/** What dialects keep beside an instance, as JSON in UTF-8, for the same reason as metadata. `INVALID_REQUEST` */
export const EXTENSIONS_MAX_BYTES = 8 * 1024;

/**
 * A text that instances of a service share, kept once for all of them: the endpoints of a version of a go-micro service of
 * a thousand methods. `INVALID_REQUEST`
 */
export const DOCUMENT_MAX_BYTES = 256 * 1024;

/** Such texts of one service: its versions, those of a roll-out among them. One call carries all of them, escapes included. They count towards its namespace's records. `LIMIT_EXCEEDED` */
export const DOCUMENTS_PER_SERVICE_MAX_COUNT = 32;

/** Levels of nesting in extensions; what walks them must not run out of stack. `INVALID_REQUEST` */
export const EXTENSIONS_MAX_DEPTH_COUNT = 32;

/** Tags of one instance; filters walk them. `INVALID_REQUEST` */
export const TAGS_MAX_COUNT = 64;

/** Named ports of one instance. `INVALID_REQUEST` */
export const PORTS_MAX_COUNT = 64;

/** Highest weight, as Nacos has it. `INVALID_REQUEST` */
export const WEIGHT_MAX = 10_000;

/** Instances of one service: a resolve answer of that size is about 2 MiB. `LIMIT_EXCEEDED` */
export const INSTANCES_PER_SERVICE_MAX_COUNT = 10_000;

/** Instances of one namespace, measured to fit into an object's 128 MB with room to work. `LIMIT_EXCEEDED` */
export const INSTANCES_PER_NAMESPACE_MAX_COUNT = 100_000;

/** Records of one namespace, as text in memory: a byte a character, two beyond Latin-1. `LIMIT_EXCEEDED` */
export const RECORDS_PER_NAMESPACE_MAX_BYTES = 32 * 1024 * 1024;

/**
 * Largest override without metadata, as it is kept, that a full namespace takes: an instance can be taken out of traffic
 * there, too, and one for each instance still fits into the object. `LIMIT_EXCEEDED`
 */
export const OVERRIDE_BEYOND_LIMIT_MAX_BYTES = 512;

/** Services of one namespace that exist on their own, without an instance. `LIMIT_EXCEEDED` */
export const SERVICES_PER_NAMESPACE_MAX_COUNT = 100_000;

/**
 * Services of one namespace that are gone, and that its journal still knows: each takes some 400 bytes of an object's
 * memory. Beyond, the oldest of the journal goes before its time.
 */
export const GONE_SERVICES_MAX_COUNT = 50_000;

/** The most that a token which does not operate a namespace holds of its instances, services and record bytes: a quarter stays for all others. `LIMIT_EXCEEDED` */
export const SHARE_OF_TOKEN_MAX_PERCENT_COUNT = 75;

/** The same for a token whose grants there name services: half stays for those that they don't name. `LIMIT_EXCEEDED` */
export const SHARE_OF_SERVICE_TOKEN_MAX_PERCENT_COUNT = 50;

/** Tokens that statistics name as the largest holders of a namespace. */
export const LARGEST_HOLDERS_COUNT = 5;

/** Shortest time to live of a lease. Below it, heartbeats cost more than they tell. `INVALID_REQUEST` */
export const LEASE_TTL_MIN_MS = 1_000;

/** Longest time to live of a lease; who needs more wants `ephemeral: false`. `INVALID_REQUEST` */
export const LEASE_TTL_MAX_MS = 24 * 60 * 60 * 1_000;

/** Time to live when a registration names none. */
export const LEASE_TTL_DEFAULT_MS = 30_000;

/** Longest time between the last renewal and removal; fits 32 bits, and a week-end. `INVALID_REQUEST` */
export const LEASE_REMOVE_AFTER_MAX_MS = 7 * 24 * 60 * 60 * 1_000;

/** Heartbeats that fit into one time to live, for the hint of an interval: two may be lost. */
export const HEARTBEATS_PER_TTL_COUNT = 3;

/** Different terms of leases that a namespace keeps once each; beyond it, they are only shared less. */
export const LEASE_TERMS_MAX_COUNT = 1_000;

/** Seconds whose text is remembered: what was registered lately and what expires soon. */
export const TIMESTAMP_SECONDS_MAX_COUNT = 256;

/** An answered renewal is durable after at most this time. */
export const CHECKPOINT_DELAY_MS = 5_000;

/** A checkpoint that is due within this time is made by a look, which saves an alarm. */
export const CHECKPOINT_EARLY_MS = 1_000;

/** Leases packed into one row of a checkpoint: 160 kB, well under the platform's 2 MB a row. */
export const CHECKPOINT_LEASES_PER_ROW_COUNT = 10_000;

/** A host with a monotonic clock passes through its event loop at least this often. */
export const ATTENTION_PASS_MS = 250;

/** A pass or an alarm this late means that the registry did not listen meanwhile. */
export const ATTENTION_LATE_MS = 250;

/** An alarm this late means that the registry did not listen meanwhile, on a host without a monotonic clock. */
export const LOOK_LATE_MS = 500;

/** A pass or an alarm this late ends no lease: what was queued meanwhile is heard first. */
export const ATTENTION_HASTE_MS = 100;

/** Passes that are late, one after the other, hold back the end of a lease by at most this time. */
export const ATTENTION_HOLD_MAX_MS = 1_000;

/** A holder that gets no answer repeats its renewal within this time, and within a tenth of its time to live. */
export const RENEWAL_RETRY_MAX_MS = 1_000;

/** A wall clock that parts this far from the monotonic clock has jumped, or the machine was suspended. */
export const CLOCK_JUMP_MIN_MS = 1_000;

/** Time beyond a limit before a lease is questioned, and again before it ends: renewals on their way are heard first. */
export const LEASE_SLACK_MS = 250;

/** Attention that must have passed without a gap before a lease ends for having been silent for long attended time. */
export const ATTENTION_STRETCH_MIN_MS = 1_000;

/** Times to live of attention after which repeated gaps no longer keep a silent lease. */
export const ATTENDED_TTLS_MAX_COUNT = 2;

/** Alarms on Cloudflare come this often for the shortest time to live: a gap shorter than that goes unnoticed. */
export const LOOKS_PER_TTL_COUNT = 6;

/** Looks are never closer than this: each is billed. */
export const LOOK_INTERVAL_MIN_MS = 2_000;

/** Looks are never further apart than this. */
export const LOOK_INTERVAL_MAX_MS = 60_000;

/** After an alarm whose work failed, the next one comes no sooner. */
export const ALARM_RETRY_MS = 10_000;

/** Interval at which a file that could not be written is retried: cheap, and still prompt for the operator. */
export const WRITE_PROBE_INTERVAL_MS = 1_000;

/** Time after which a due change that can't be stored is retried. */
export const POSTPONED_MS = 1_000;

/** Alarms are never armed closer together: an alarm loop is a bill. */
export const ALARM_SPACING_MIN_MS = 250;

/** More alarms in an hour than this are logged: one a second, a quarter of what the spacing allows. */
export const ALARMS_PER_HOUR_WARN_COUNT = 3_600;

/** Leases ended in one commit of a sweep, so that no sweep blocks the object for 50 ms. */
export const SWEEP_SLICE_MAX_COUNT = 1_000;

/** An instance is flapping while its last changes of health lie within this time. */
export const FLAPPING_WINDOW_MS = 5 * 60 * 1_000;

/** How many changes of health are remembered: more than two in the window are flapping. */
export const FLAPPING_CHANGES_COUNT = 3;

/** An override outlives its instance by this time, so that a restart does not shake it off. */
export const OVERRIDE_LINGER_MS = 10 * 60 * 1_000;

/** How often a dialect reads and writes an override when somebody else writes it meanwhile. `REVISION_MISMATCH` */
export const OVERRIDE_TRIES_MAX_COUNT = 3;

/** Quarantine left behind by an operator's drain: a live client would register again at its next beat. */
export const DRAIN_QUARANTINE_MS = 10 * 60 * 1_000;

/** Longest wait of one call. `INVALID_REQUEST` */
export const WAIT_MAX_MS = 5 * 60 * 1_000;

/** How long a drain waits for its subscribers when the call names no time. */
export const DRAIN_WAIT_DEFAULT_MS = 30_000;

/** Longest grace between a drain and the removal of the instance. `INVALID_REQUEST` */
export const DRAIN_GRACE_MAX_MS = 60 * 60 * 1_000;

/** Age of a cached answer when the call names none. */
export const CACHED_MAX_AGE_DEFAULT_MS = 5_000;

/** Oldest cached answer that can be asked for. `INVALID_REQUEST` */
export const CACHED_MAX_AGE_MAX_MS = 60_000;

/** Journal kept, by age. */
export const JOURNAL_MAX_AGE_MS = 7 * 24 * 60 * 60 * 1_000;

/** Journal kept, by revisions. */
export const JOURNAL_MAX_COUNT = 200_000;

/** Journal kept, by size; a twentieth of an object's storage. */
export const JOURNAL_MAX_BYTES = 512 * 1024 * 1024;

/** One journal row; a larger revision is split into parts. The platform takes 2 MB a row. */
export const JOURNAL_PART_MAX_BYTES = 1024 * 1024;

/** Lines of one part of an export. What a slow reader leaves waiting is a part, in the Worker. */
export const EXPORT_PART_MAX_BYTES = 1024 * 1024;

/** Largest line of an import: a registration with full metadata and extensions takes a third of it. `PAYLOAD_TOO_LARGE` */
export const IMPORT_LINE_MAX_BYTES = 64 * 1024;

/** Lines of an import that go to the namespace in one call: what a Worker holds of a file. */
export const IMPORT_STAGE_MAX_BYTES = 512 * 1024;

/** The same as a number of records, so that taking them in is well under 50 ms of the object's time. */
export const IMPORT_STAGE_MAX_COUNT = 2_000;

/** Records of an import that are compared or looked up in one go, for the same reason. */
export const IMPORT_SCAN_MAX_COUNT = 2_000;

/** Changes of an import in one revision, as in a batch. */
export const IMPORT_SLICE_MAX_COUNT = 1_000;

/** Slices of an import that one call applies, so that whoever imports is told how far it is. */
export const IMPORT_SLICES_PER_CALL_COUNT = 4;

/** An import of which nothing more comes is forgotten after this time, if it has not begun to be applied. */
export const IMPORT_IDLE_MAX_MS = 10 * 60_000;

/** One that is being applied goes on by itself where nobody has asked for its next slices for this time. */
export const IMPORT_RESUME_MS = 5_000;

/** The longest that an import may take; a file of 100,000 instances comes in this time over 200 kbit/s. `DEADLINE_EXCEEDED` */
export const IMPORT_MAX_MS = 30 * 60_000;

/** The longest that the rest of a refused file is taken in, and left out, so that whoever sends it hears why. */
export const IMPORT_DISCARD_MAX_MS = 30_000;

/** The longest that a client may leave an import waiting for more of the file. `DEADLINE_EXCEEDED` */
export const IMPORT_PIECE_MAX_MS = 60_000;

/** Revisions that an epoch begins with for each millisecond of the time: more than any namespace commits. */
export const EPOCH_REVISIONS_PER_MS_COUNT = 1_000;

/** Records written by one statement: five values for all, five for each, and the platform binds 100 a statement. */
export const RECORD_ROWS_PER_STATEMENT_COUNT = 19;

/** Records that a wake reads at once. */
export const RECORD_ROWS_PER_PAGE_COUNT = 250;

/** Journal rows removed in one commit of a compaction. */
export const COMPACTION_SLICE_MAX_COUNT = 500;

/** Journal rows that one page of the past reads, or one step of a walk back: about 20 ms. */
export const PAST_SLICE_MAX_COUNT = 1_000;

/** Text of the journal that one page of the past reads: parsing and encoding it takes about 30 ms. */
export const PAST_SLICE_MAX_BYTES = 2 * 1024 * 1024;

/** Entries of its past that an answer to "why" has when the call names no number: the newest tell what happened. */
export const WHY_ENTRIES_DEFAULT_COUNT = 20;

/**
 * Text of one page of a list: encoding it takes about 100 ms. A longer list ends early with `next`, a longer resolution
 * has as many endpoints as fit, and a longer entry of the history says how many changes it leaves out.
 */
export const LIST_TEXT_MAX_BYTES = 8 * 1024 * 1024;

/** Changes of one revision that readers of changes get one by one. Beyond, they begin anew. `COMPACTED` */
export const CHANGES_OF_REVISION_MAX_BYTES = 8 * 1024 * 1024;

/** The most that one call between a Worker and an object carries: the platform's 32 MiB, less what goes around it. `INVALID_REQUEST` */
export const CALL_ANSWER_MAX_BYTES = 32 * 1024 * 1024 - 64 * 1024;

/** A part of a snapshot: encoding it takes about 50 ms, and a call between a Worker and an object may carry 32 MiB. */
export const SNAPSHOT_PART_MAX_BYTES = 4 * 1024 * 1024;

/** Instances of a service whose addresses a registration is compared with, to warn of a duplicate. */
export const DUPLICATE_ADDRESS_SCAN_MAX_COUNT = 100;

/** Rows of one page of a list. `INVALID_REQUEST` */
export const PAGE_MAX_COUNT = 100_000;

/** Fewest characters of the root token: 190 bits when they are random. `NOT_CONFIGURED` */
export const ROOT_TOKEN_MIN_CHARACTERS = 32;

/** Headers of recent answers that an isolate keeps ready; beyond it, it starts over. */
export const KNOWN_HEADERS_MAX_COUNT = 256;

/** Queries that a route remembers as they were parsed; beyond it, it starts over. */
export const KNOWN_QUERIES_MAX_COUNT = 256;

/** Longest query that is remembered: one with a list of names or a cursor rarely comes again. */
export const KNOWN_QUERY_MAX_CHARACTERS = 200;

/** Faults told in one answer; a batch can have thousands, and the first ones tell enough. */
export const FIELD_ERRORS_MAX_COUNT = 20;

/** Innermost steps of the path at which a key comes twice: the depth of a body is its sender's choice. */
export const SHOWN_PATH_STEPS_MAX_COUNT = 16;

/** Copies of answers that one isolate keeps for cached reads; the oldest goes first. */
export const CACHED_READS_MAX_COUNT = 1_000;

/** Copies of answers that one isolate keeps, in memory: an eighth of its 128 MB. */
export const CACHED_READS_MAX_BYTES = 16 * 1024 * 1024;

/** After an error, the platform's cache is left alone for this time, and after each further one for twice as long. */
export const PLATFORM_CACHE_PAUSE_MIN_MS = 30_000;

/** The platform's cache is tried again at least this often, however long it has failed. */
export const PLATFORM_CACHE_PAUSE_MAX_MS = 600_000;

/** How long a cached read waits for an identical one under way before it asks for itself. */
export const CACHED_READ_FOLLOW_MAX_MS = 2_000;

/** Longest time a call to the namespace may take, beside what it was asked to wait. `DEADLINE_EXCEEDED` */
export const CALL_MAX_MS = 30_000;

/** Repeats of a read whose failure the platform calls passing; the platform itself has tried each up to five times. */
export const READ_REPEATS_MAX_COUNT = 2;

/** Repeats of a change that can be repeated without harm: what it leaves to retry belongs to the client, which knows more. */
export const CHANGE_REPEATS_MAX_COUNT = 1;

/** The first repeat of a failed call to an object waits a random time up to this, and each further one up to twice as long. */
export const CALL_REPEAT_WITHIN_MS = 200;

/** No repeat of a failed call begins later than this after the first try, so that no request is held up for long. */
export const CALL_REPEATS_WINDOW_MS = 4_000;

/** Failed tries that one isolate repeats for one object, twice over; a call that works earns a tenth of one back. */
export const CALL_REPEAT_TOKENS_MAX_COUNT = 100;

/** Longest time that a request waits for the directory before it is let in: nothing has been done by then. `UNAVAILABLE` */
export const DIRECTORY_ANSWER_MAX_MS = 5_000;

/** Longest time that a request waits for the directory where the last known answer will do: many times what an answer takes. */
export const DIRECTORY_PATIENCE_MS = 1_000;

/** How often a directory that can't be reached is asked again: one request in that time may wait for it. `UNAVAILABLE` */
export const DIRECTORY_RETRY_INTERVAL_MS = 3_000;

/** How long an answer of the directory holds while it can't be reached: a token revoked meanwhile works for as long. `UNAVAILABLE` */
export const LAST_KNOWN_MAX_AGE_MS = 10 * 60 * 1_000;

/** Names of groups and services in the scope of one watch. `INVALID_REQUEST` */
export const WATCH_SCOPE_NAMES_MAX_COUNT = 256;

/** Watches of one socket. `LIMIT_EXCEEDED` */
export const WATCHES_PER_SOCKET_MAX_COUNT = 256;

/** What a socket is remembered by while the object sleeps: the platform keeps 16 KiB. `LIMIT_EXCEEDED` */
export const SOCKET_MEMORY_MAX_BYTES = 15 * 1024;

/** Sockets of one namespace; the platform takes 32,768 an object. `LIMIT_EXCEEDED` */
export const SOCKETS_PER_NAMESPACE_MAX_COUNT = 30_000;

/** Largest frame a client may send: a batch. The socket is closed with 1009 beyond. */
export const FRAME_MAX_BYTES = 4 * 1024 * 1024;

/**
 * Frames of one socket that have arrived and are not handled yet: eight of the largest. A hibernating socket takes in
 * whatever arrives, so nothing else bounds them. The socket is closed with 4010 beyond.
 */
export const SOCKET_FRAMES_PENDING_MAX_BYTES = 32 * 1024 * 1024;

/** The same for all sockets of a namespace: half of an isolate's 128 MB. The socket of the next frame is closed with 4010. */
export const NAMESPACE_FRAMES_PENDING_MAX_BYTES = 64 * 1024 * 1024;

/** Bytes counted for a pending frame beside its text, so that a flood of tiny ones is bounded as well. */
export const FRAME_PENDING_OVERHEAD_BYTES = 256;

/** Frames handled, and answers sent, before everything else in the process gets a turn: about 20 ms of work. */
export const FRAMES_PER_TURN_BYTES = 64 * 1024;

/** A snapshot or a revision larger than this is sent in parts. */
export const FRAME_PART_MAX_BYTES = 256 * 1024;

/** Bytes that a receiver may be sent and leave unread: enough for a snapshot of 5,000 instances. It waits beyond. */
export const CREDIT_INITIAL_BYTES = 4 * 1024 * 1024;

/** The same where many are behind at once: two records with everything. */
export const WINDOW_MIN_BYTES = 32 * 1024;

/** Unread by all receivers of a namespace together: half of an isolate's 128 MB. All wait beyond. */
export const UNREAD_PER_NAMESPACE_MAX_BYTES = 64 * 1024 * 1024;

/** The same for the receivers of one token: a quarter stays for all others. */
export const UNREAD_PER_TOKEN_MAX_BYTES = 48 * 1024 * 1024;

/** The same for receivers that have not read anything yet, so that a flood of them leaves room for those that do. */
export const UNREAD_BY_NEWCOMERS_MAX_BYTES = 40 * 1024 * 1024;

/** The same for the newcomers of one token: a tenth stays for all others. */
export const UNREAD_BY_NEWCOMERS_PER_TOKEN_MAX_BYTES = 36 * 1024 * 1024;

/** The n-th of those that are behind at once gets one n-th of this share of the newcomers' room: hundreds get something. */
export const WINDOW_SHARES_COUNT = 8;

/** Maximum time for which turns of the event loop may follow each other without polling sockets. Polling takes 2 ms. */
export const TURNS_WITHOUT_SOCKETS_MAX_MS = 10;

/** A receiver that gives no sign of reading for this time, while output waits for it, is closed with 4008. */
export const UNREAD_MAX_MS = 30_000;

/** A mark goes into what a receiver is sent after so much: one frame each way for every part of a snapshot. */
export const MARK_INTERVAL_BYTES = 256 * 1024;

/** Sent to one connection since it last showed that it reads, whatever it says: the largest snapshot. Closed with 4008. */
export const UNPROVEN_PER_CONNECTION_MAX_BYTES = 64 * 1024 * 1024;

/** The same for all connections of a namespace. They wait beyond, and the worst one of the worst token is closed with 4008. */
export const UNPROVEN_PER_NAMESPACE_MAX_BYTES = 128 * 1024 * 1024;

/** The same for the connections of one token: a quarter stays for all others. */
export const UNPROVEN_PER_TOKEN_MAX_BYTES = 96 * 1024 * 1024;

/** A connection that has not sent back its mark for this time is closed with 4008 when there is more to send. */
export const UNPROVEN_MAX_MS = 10 * 60_000;

/** A client that sends back marks and leaves this much unread has its next frames handled when it has read some of it. */
export const ANSWERS_UNREAD_MAX_BYTES = 8 * 1024 * 1024;

/** Credit is written down when it has changed by this: what is used between is granted anew by a sleep of the object. */
export const CREDIT_STEP_BYTES = 512 * 1024;

/** A receiver without credit for which more than this waits is closed, and resumes by cursor. */
export const BACKLOG_MAX_BYTES = 4 * 1024 * 1024;

/** A stream that nothing matched gets its cursor after this time, at the next wake. */
export const BOOKMARK_INTERVAL_MS = 30_000;

/** Or after so many revisions. */
export const BOOKMARK_REVISIONS_COUNT = 1_000;

/** Journal rows read for a watch that catches up, before others get a turn. */
export const CATCH_UP_SLICE_MAX_COUNT = 500;

/** Time to live of a session's lease when the client names none: three lost pings. */
export const SESSION_TTL_DEFAULT_MS = 45_000;

/** Pings that fit into a session's time to live, so that two may be lost. */
export const PINGS_PER_TTL_COUNT = 3;

/** How often a session's client pings. The platform answers, and the object sleeps on. */
export const SESSION_PING_INTERVAL_MS = 15_000;

/** Shortest time between two pings that a namespace can hand out: below it, they cost more than they tell. `INVALID_REQUEST` */
export const SESSION_PING_MIN_MS = 5_000;

/** Longest one: proxies close what is quiet for longer, and a dead session holds its instances for three. `INVALID_REQUEST` */
export const SESSION_PING_MAX_MS = 60_000;

/** Clients that lose their sockets together are asked to come back within this for each, so that other calls get a turn between. */
export const RECONNECT_SPREAD_PER_CLIENT_MS = 4;

/** And within this at least: a few clients need not all come in the same moment. */
export const RECONNECT_SPREAD_MIN_MS = 1_000;

/** Reads by those who do not say who they are count for a drain this long, and up to twice as long. */
export const PLAIN_READS_WINDOW_MS = 60_000;

/** A poller is a live subscriber until this long after its last poll ended. */
export const POLLER_LINGER_MS = 10_000;

/** Pollers of one token that a namespace knows by name; a reader beyond it counts as blind, and is refused nothing. */
export const POLLERS_PER_TOKEN_MAX_COUNT = 10_000;

/** The same for all tokens together: at most 32 MB, where every name is as long as it may be. */
export const POLLERS_PER_NAMESPACE_MAX_COUNT = 20_000;

/** How often a namespace looks for pollers that did not come back, as others read: with each read would be too dear. */
export const POLLERS_PRUNE_INTERVAL_MS = 1_000;

/** How far ahead the row is written that bounds how long cached answers are kept: a row a minute while they are read. */
export const CACHED_HOLD_STEP_MS = 60_000;

/** The same for the note that there are pollers: a row an hour. After a wake they are expected back in seconds anyway. */
export const POLLS_HOLD_STEP_MS = 60 * 60 * 1_000;

/** The age that cached readers ask for is rounded up to this in that row, so that each new age does not write it. */
export const CACHED_AGE_ROUNDING_MS = 5_000;

/** Longest life of an event stream over HTTP: the browser then resumes it. */
export const EVENT_STREAM_MAX_MS = 10 * 60 * 1_000;

/** A comment goes over an idle event stream this often, so that proxies keep it and a gone client is noticed. */
export const EVENT_STREAM_KEEPALIVE_MS = 15_000;

/** What is left of an event stream that ends is given up after this time: its reader has stopped reading. */
export const EVENT_STREAM_FLUSH_MAX_MS = 15_000;

/** Waits are cut short by up to this share at random, so that streams and polls of one start do not come back as one. */
export const WAIT_JITTER_PERCENT_COUNT = 10;

/** How long a conditional read waits for a change when the request asks it to and names no time. */
export const READ_WAIT_DEFAULT_MS = 30_000;

/** Polls and event streams of one subscriber in one isolate: a process that polls more should watch. `LIMIT_EXCEEDED` */
export const WAITS_PER_SUBSCRIBER_MAX_COUNT = 1_000;

/** Polls and event streams of one token in one isolate; each is a request and a socket. `LIMIT_EXCEEDED` */
export const WAITS_PER_TOKEN_MAX_COUNT = 10_000;

/** Longest cursor that is read; ours are half of it. `INVALID_REQUEST` */
export const CURSOR_MAX_CHARACTERS = 128;

/** Grants of one token. `INVALID_REQUEST` */
export const GRANTS_MAX_COUNT = 64;

/** Patterns of services in one grant. `INVALID_REQUEST` */
export const GRANT_SERVICES_MAX_COUNT = 64;

/**
 * Services that one registration may claim beside its own, with a token for some services: each is compared with all
 * grants, in a batch for each instance. Instances have one virtual address or two. Raises `INVALID_REQUEST`.
 */
export const REGISTRATION_CLAIMS_MAX_COUNT = 16;

/** Grants of one token, as JSON in UTF-8: a socket remembers them in what the platform keeps of it. `INVALID_REQUEST` */
export const GRANTS_MAX_BYTES = 4 * 1024;

/** Tokens of one registry; the directory is one object, and lists them. `LIMIT_EXCEEDED` */
export const TOKENS_MAX_COUNT = 10_000;

/** Tokens that are good for one namespace, with those whose sockets it has to close yet; who administers all may make more. `LIMIT_EXCEEDED` */
export const TOKENS_PER_NAMESPACE_MAX_COUNT = 1_000;

/** Of all tokens, how many only those can make who administer all namespaces. `LIMIT_EXCEEDED` */
export const TOKENS_RESERVED_COUNT = 1_000;

/** Namespaces of one registry; only those make one who administer all. `LIMIT_EXCEEDED` */
export const NAMESPACES_MAX_COUNT = 10_000;

/** Shortest life of a token. Below it, verification is remembered longer than the token lives. `INVALID_REQUEST` */
export const TOKEN_LIFE_MIN_MS = 60_000;

/** Longest life of a token that ends: ten years. `INVALID_REQUEST` */
export const TOKEN_LIFE_MAX_MS = 10 * 365 * 24 * 60 * 60 * 1_000;

/** Longest time for which the secret before a rotation goes on being good. `INVALID_REQUEST` */
export const TOKEN_OVERLAP_MAX_MS = 30 * 24 * 60 * 60 * 1_000;

/** A token's last use is written down to this, so that use costs a row an hour at most. */
export const TOKEN_USE_STEP_MS = 60 * 60 * 1_000;

/** How long an isolate remembers what a token stands for: revoking one takes no longer anywhere. */
export const VERIFICATION_MAX_AGE_MS = 30_000;

/** Tokens, good and bad, that an isolate remembers; the oldest goes first. */
export const VERIFICATIONS_MAX_COUNT = 1_000;

/** How long a request waits for another's verification of its token before it asks for itself. */
export const VERIFICATION_FOLLOW_MAX_MS = 2_000;

/** Longest token or ticket that is looked at: ours have 60 characters, and nobody's root token needs more. `UNAUTHENTICATED` */
export const CREDENTIAL_MAX_CHARACTERS = 1_024;

/** How long a browser remembers what a page may send: a page makes one call more in that time, and a change shows soon. */
export const PREFLIGHT_MAX_AGE_MS = 10 * 60 * 1_000;

/** How long an isolate remembers that a namespace is there, and where. */
export const NAMESPACE_ENTRY_MAX_AGE_MS = 30_000;

/** How long an isolate remembers that a namespace is not there: it may be made in another isolate any moment. */
export const NAMESPACE_ABSENCE_MAX_AGE_MS = 2_000;

/** Sockets of clients are asked after this often: their tokens may have ended while nobody could tell the namespace. */
export const SOCKET_TOKENS_CHECK_INTERVAL_MS = 15 * 60 * 1_000;

/** Where the directory could not be asked, it is asked again this soon: revocations reach sockets within it elsewhere. */
export const SOCKET_TOKENS_RETRY_MS = 30_000;

/** Life of a ticket: long enough to open a socket with it. */
export const TICKET_LIFE_MS = 30_000;

/** Tickets that are good at the same time, of one token: a page needs one for each of its sockets. `LIMIT_EXCEEDED` */
export const TICKETS_PER_TOKEN_MAX_COUNT = 100;

/** Failed logins that an address, or a token id where no address is known, may have within {@link FAILED_LOGINS_WINDOW_MS}. `LIMIT_EXCEEDED` */
export const FAILED_LOGINS_MAX_COUNT = 20;

/** Failed logins are counted over this time. */
export const FAILED_LOGINS_WINDOW_MS = 60_000;

/** Addresses and token ids whose failed logins an isolate counts; the oldest goes first. */
export const FAILED_LOGIN_SOURCES_MAX_COUNT = 10_000;

/** What is done by people is accounted for this long. */
export const AUDIT_MAX_AGE_MS = 400 * 24 * 60 * 60 * 1_000;

/** Entries of the audit trail; beyond, the oldest go of the namespace that has most. At 3 KB each, a third of an object's storage. */
export const AUDIT_MAX_COUNT = 1_000_000;

/** Entries of one namespace; beyond, the oldest go of the token that has most of them. */
export const AUDIT_PER_NAMESPACE_MAX_COUNT = 100_000;

/** Entries of root, and of changes of tokens and namespaces by who administers all of them. No namespace pushes them out. */
export const AUDIT_OF_DIRECTORY_MAX_COUNT = 250_000;

/** Old entries of the audit trail that go with each new one: more than come. */
export const AUDIT_TRIMMED_WITH_EACH_COUNT = 4;

/** Entries of one page of the audit trail. `INVALID_REQUEST` */
export const AUDIT_PAGE_MAX_COUNT = 1_000;

/** Length of what people read of a namespace. `INVALID_REQUEST` */
export const NAMESPACE_TITLE_MAX_CHARACTERS = 200;

/** Shortest past of a namespace: a watcher that reconnects within it misses nothing. `INVALID_REQUEST` */
export const RETENTION_MIN_MS = 60_000;

/** Watches of all sockets of a namespace: each takes a kilobyte of memory. `LIMIT_EXCEEDED` */
export const WATCHES_PER_NAMESPACE_MAX_COUNT = 60_000;

/** Highest rate that can be configured; an object does a hundredth of it. `INVALID_REQUEST` */
export const REQUESTS_PER_SECOND_MAX_COUNT = 1_000_000;

/** The directory tells a namespace again after this where it could not be told; each time it waits twice as long. */
export const ERRAND_RETRY_MIN_MS = 1_000;

/** Longest wait between two tries to tell a namespace something: half of what a revocation may take once it is in reach. */
export const ERRAND_RETRY_MAX_MS = 15_000;

/** Namespaces that the directory tells something side by side. */
export const ERRANDS_AT_ONCE_MAX_COUNT = 50;

/** Of each kind of work, what one alarm of the directory does: a namespace told is a request, and the platform counts them. */
export const DIRECTORY_SLICE_MAX_COUNT = 500;

/** Namespaces, there and not, that an isolate remembers; the oldest goes first. */
export const NAMESPACES_REMEMBERED_MAX_COUNT = 10_000;

/** How long a door refuses by itself a token that was over its rate: no longer than it was told to stay away. `LIMIT_EXCEEDED` */
export const RATE_REFUSAL_MAX_AGE_MS = 1_000;

/** Tokens that a door refuses so at the same time; the oldest goes first. */
export const RATE_REFUSALS_MAX_COUNT = 1_000;

/** Lines about refusals, and as many about failures, that an isolate logs in a second, where not every request is logged: a flood fills no disk. */
export const LOG_REFUSALS_PER_SECOND_MAX_COUNT = 20;

/** Tokens whose rate a namespace counts; when there are more, those that were quiet for a second are forgotten. */
export const RATE_BUCKETS_SWEEP_COUNT = 1_000;

/** Lease of what go-micro registers: its clients name none, and register again every 30 s. Source: go-micro's own `RegisterTTL`. */
export const GO_MICRO_LEASE_TTL_MS = 90_000;

/**
 * Largest body of a go-micro registration: endpoints of {@link DOCUMENT_MAX_BYTES} take up to twice that as Go writes them,
 * with what is null or empty. `PAYLOAD_TOO_LARGE`
 */
export const GO_MICRO_BODY_MAX_BYTES = 512 * 1024;

/**
 * Items of all lists in a go-micro registration: nodes, endpoints, members of types. As Go writes them, a body has no room
 * for as many; one of empty items would take a second of every other caller's time. `INVALID_REQUEST`
 */
export const GO_MICRO_ITEMS_MAX_COUNT = 16_384;

/** Longest message to a go-micro watcher: one of more than 16,384 bytes makes it deaf for good. Source: its websocket's read limit. */
export const GO_MICRO_MESSAGE_MAX_BYTES = 16_000;

/** How often a Nacos client beats where its metadata says nothing. Source: Nacos' `preserved.heart.beat.interval`. */
export const NACOS_BEAT_INTERVAL_DEFAULT_MS = 5_000;

/** Without a beat for this time a Nacos instance is unhealthy, where its metadata says nothing. Source: the same. */
export const NACOS_BEAT_TIMEOUT_DEFAULT_MS = 15_000;

/** And gone after this time. Its slowest client sends the first beat 10 s after it registers. */
export const NACOS_DELETE_TIMEOUT_DEFAULT_MS = 30_000;

/** How long a Nacos client waits between two polls: what Nacos 1 tells those that it can't push to. */
export const NACOS_CACHE_MS = 3_000;

/** Shortest time between a Nacos client's polls or beats that a namespace can hand out: its own timers count in seconds. `INVALID_REQUEST` */
export const NACOS_INTERVAL_MIN_MS = 1_000;

/** Longest one: a change is heard of that late, and a dead instance is gone after six beats. `INVALID_REQUEST` */
export const NACOS_INTERVAL_MAX_MS = 60_000;

/** Beats of a Nacos client that fit into the time after which its instance is unhealthy; twice as many until it is gone. */
export const NACOS_BEATS_PER_TTL_COUNT = 3;

/** How long an isolate believes what a namespace last said of its intervals, where nothing is polled. */
export const NACOS_INTERVALS_MAX_AGE_MS = 30_000;

/** An isolate asks a namespace this often what changed, at most, for all polls of Nacos' clients: each check is a request. */
export const NACOS_CHECK_MAX_AGE_MS = 1_000;

/** How long a poll waits for another's check, or for a list that another reads, before it asks for itself. */
export const NACOS_CHECK_FOLLOW_MAX_MS = 2_000;

/** Reads that an isolate answered and has not reported to their namespaces yet. Beyond it, the oldest of a namespace that has as many are forgotten, or else those of the others. */
export const NACOS_READS_UNTOLD_MAX_COUNT = 10_000;

/** Services whose last change an isolate remembers. Beyond it, all of a namespace with as many count as changed, or else those of the others. */
export const NACOS_CHANGES_REMEMBERED_MAX_COUNT = 50_000;

/** Lists for Nacos' clients that one isolate keeps until they change: an eighth of its 128 MB. The oldest goes first. */
export const NACOS_LISTS_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Instances whose Eureka view an isolate keeps ready, of all namespaces: up to 5.8 KB each with the lists made of them, so
 * about half of its 128 MB. One namespace may be larger, up to what is shown.
 */
export const EUREKA_INSTANCES_KEPT_MAX_COUNT = 12_000;

/** Instances of a namespace that Eureka's door shows, at most: their copy and its list take two thirds of an isolate's memory. */
export const EUREKA_INSTANCES_SHOWN_MAX_COUNT = 25_000;

/** Text of a full list that Eureka's door keeps: written and compressed once. A longer one is streamed to each reader anew. */
export const EUREKA_LIST_KEPT_MAX_BYTES = 16 * 1024 * 1024;

/** Text of the instances whose Eureka view an isolate keeps ready, of all namespaces; one namespace may have more. */
export const EUREKA_TEXT_KEPT_MAX_BYTES = 32 * 1024 * 1024;

/** Namespaces whose Eureka view an isolate keeps ready; what was asked for longest ago goes first. */
export const EUREKA_FLEETS_MAX_COUNT = 64;

/** Slices of the journal that an Eureka view is brought up to date by; reading all anew is cheaper than more. */
export const EUREKA_CHANGES_SLICES_MAX_COUNT = 8;

/** Registrations of Eureka clients that an isolate remembers, for their beats; beyond it, the oldest are read again. */
export const EUREKA_REGISTRATIONS_REMEMBERED_MAX_COUNT = 20_000;

/** Fewer instances than this preserve nothing: of a few, one that is gone is more than 15 %. */
export const SELF_PRESERVATION_INSTANCES_MIN_COUNT = 10;

/** Share of clients that must renew, or what lapses is kept. Source: Eureka's `renewalPercentThreshold`. */
export const SELF_PRESERVATION_RENEWING_MIN_PERCENT_COUNT = 85;

/** Size of the WAL that starts a checkpoint, on one machine. A larger one means fewer checkpoints, and a longer start after a crash. */
export const WAL_CHECKPOINT_BYTES = 4 * 1024 * 1024;

/** Size of the WAL above which commits wait for a checkpoint. Otherwise it might never reach the end, and the file would keep growing. */
export const WAL_HOLD_BYTES = 16 * 1024 * 1024;

/** Idle time after which a namespace on one machine is taken out of memory and is only a file. */
export const NAMESPACE_SLEEP_AFTER_MS = 60_000;

/** A namespace that is due within this time stays awake, because closing and opening it costs two checkpoints. */
export const NAMESPACE_SLEEP_MIN_MS = 10_000;

/** Number of open namespaces above which idle ones are closed within seconds. Each holds five descriptors and half a megabyte. */
export const NAMESPACES_AWAKE_MAX_COUNT = 500;

/** Interval at which the host checks for idle namespaces and for deleted or replaced files. */
export const NAMESPACES_LOOK_INTERVAL_MS = 1_000;

/** Number of namespaces that a start opens at the same time, so that the disk works on one while another is read. */
export const NAMESPACES_OPENED_AT_ONCE_MAX_COUNT = 8;

/** Time for which opening a locked database is retried. A killed process holds its locks until its last flush has ended. */
export const DATABASE_LOCKED_MAX_MS = 10_000;

/** Interval of these retries. */
export const DATABASE_LOCKED_RETRY_MS = 50;
