import type { Cause } from '../../client/wire/history-answers';
import { count, duration, moment, span } from './format';

const many = (value: number, one: string, more: string): string => `${count(value)} ${value === 1 ? one : more}`;

const causes: Record<Cause, string> = {
  registered: 'registered',
  updated: 'updated',
  deregistered: 'deregistered',
  expired: 'lease expired',
  unhealthy: 'unhealthy',
  recovered: 'recovered',
  overridden: 'settings changed',
  quarantined: 'quarantined',
  drained: 'draining',
  'drain-cancelled': 'drain cancelled',
  'session-closed': 'session closed',
  imported: 'imported',
  'rolled-back': 'rolled back',
  restored: 'restored',
};

/** Texts in English. Each page has its section. */
export const en = {
  language: 'English',
  common: {
    cancel: 'Cancel',
    close: 'Close',
    copy: 'Copy',
    copied: 'Copied',
    copyLink: 'Copy link',
    find: 'Find',
    loading: 'Loading',
    more: 'Show more',
    now: 'Now',
    none: 'None',
    reload: 'Reload',
    remove: 'Remove',
    retry: 'Try again',
    save: 'Save',
    undo: 'Undo',
    details: 'Details',
    by: (actor: string) => `by ${actor}`,
    services: (value: number) => many(value, 'service', 'services'),
    instances: (value: number) => many(value, 'instance', 'instances'),
    subscribers: (value: number) => many(value, 'subscriber', 'subscribers'),
  },
  nav: {
    main: 'Main',
    services: 'Services',
    history: 'History',
    access: 'Access',
    settings: 'Namespace',
    namespace: 'Namespace',
    allNamespaces: 'All namespaces',
    skip: 'Skip to content',
    theme: 'Theme',
    themes: { auto: 'As the system', light: 'Light', dark: 'Dark' },
    language: 'Language',
    keys: 'Keyboard',
    signOut: 'Sign out',
    account: 'Account and settings of this page',
  },
  connection: {
    live: 'Live',
    connecting: 'Connecting',
    lost: (time: string) => `Reconnecting, as of ${time}`,
    lostHint: 'The registry does not answer. The data stay as they were; changes are disabled until it is back.',
    back: 'Connected again',
  },
  signIn: {
    title: 'Sign in to Rollcall',
    token: 'Token',
    keep: 'Stay signed in until this tab is closed',
    submit: 'Sign in',
    hint: 'Use a token of this registry, or open a link with',
    reasons: {
      'signed-out': 'You are signed out.',
      expired: 'The token has expired, so you are signed out.',
      ended: 'The registry no longer accepts the token: it was revoked or replaced. You are signed out.',
      'link-used':
        'This link no longer works: it is valid once, and for 30 seconds. Sign in with a token, or request a new link.',
    },
    refused: 'The registry does not accept this token: it may be mistyped, have expired or been revoked.',
    malformed: 'A token has no spaces and only letters, digits and signs. Copy the whole token.',
    limited: (wait: string) => `Too many attempts to sign in. Wait ${wait}, then try again.`,
    repeats: 'The page tries again by itself.',
    other: 'Sign in with a token',
  },
  problem: {
    title: 'Something went wrong',
    byCode: {
      FORBIDDEN: 'The token does not allow this.',
      UNREACHABLE: 'The registry can’t be reached.',
      UNAVAILABLE: 'The registry can’t answer now.',
      DEADLINE_EXCEEDED: 'The registry took too long to answer.',
      LIMIT_EXCEEDED: 'Too many requests: the registry refuses more for a moment.',
      COMPACTED: 'The history does not go back this far.',
      NAMESPACE_NOT_FOUND: 'There is no such namespace.',
      SERVICE_NOT_FOUND: 'There is no such service.',
      INSTANCE_NOT_FOUND: 'There is no such instance.',
      TOKEN_NOT_FOUND: 'There is no such token.',
      REVISION_MISMATCH: 'Someone else has changed this meanwhile. Nothing was changed.',
      CONFLICT: 'Another change is in the way. Nothing was changed.',
      INVALID_REQUEST: 'The registry does not accept this input.',
      NOT_CONFIGURED: 'The registry is not set up yet, so it refuses everything. Its operator must complete that.',
    } as Partial<Record<string, string>>, // `as`: the registry has more codes
    other: 'The registry refused the request.',
    needs: (scope: string, target: string) => `This needs the grant “${scope}” on ${target}.`,
    allOf: (ns: string) => `all of ${ns}`,
    notFound: 'There is no such page.',
    chunk: 'A part of this page can’t be loaded: the registry may have been updated.',
  },
  states: {
    gone: 'Gone',
    draining: 'Draining',
    quarantined: 'Quarantined',
    unhealthy: 'Unhealthy',
    starting: 'Starting',
    out: 'Out of traffic',
    up: 'Up',
  },
  causes,
  namespaces: {
    title: 'Namespaces',
    lead: 'A namespace is a tenant: its services, history and limits are its own.',
    id: 'Namespace',
    created: 'Created',
    none: 'The token has no grant on any namespace.',
  },
  services: {
    title: 'Services',
    service: 'Service',
    health: 'Health',
    traffic: 'Take traffic',
    state: 'State',
    find: 'Find a service, or an instance that is gone',
    noTraffic: 'without traffic',
    unhealthy: 'unhealthy',
    out: 'out of traffic',
    available: 'available',
    filter: 'Filter by state',
    sorts: { worst: 'Worst first', name: 'By name' },
    available_of: (value: number, all: number) => `${count(value)} of ${count(all)} available`,
    of: (all: number) => `of ${count(all)}`,
    moved: (value: number) => `${count(value)} moved: sort again`,
    verdicts: {
      'no-traffic': 'No traffic',
      unhealthy: (value: number) => `${count(value)} unhealthy`,
      out: (value: number) => `${count(value)} out`,
      up: 'All up',
      empty: 'Empty, kept on purpose',
    },
    noneFound: 'No service matches.',
    first: 'No service is registered yet. Register a first instance:',
    firstNote: 'It appears here at once.',
    latest: 'Latest changes',
    goneLately: 'Gone lately',
    drained: 'removed after its drain',
    gonePartial: 'Only the newest removals were searched.',
    openByName: 'Open a service by name',
    group: 'Group',
    open: 'Open',
    limited: 'The token may read only some services, so the list is not available.',
  },
  service: {},
  acts: {
    more: 'More',
    names: {
      'take-out': 'Take it out',
      settings: 'Change traffic',
      lift: 'Lift the quarantine',
      clear: 'Clear the override',
      'cancel-drain': 'Cancel the drain',
      deregister: 'Remove now',
    },
    title: (act: string, id: string) => `${act}: ${id}`,
    effects: {
      out: (available: number) => `Takes 1 of ${many(available, 'available instance', 'available instances')} out`,
      in: (available: number, all: number) => `Brings it back: ${count(available + 1)} of ${count(all)} take traffic`,
      none: (available: number, all: number) =>
        `Which instances take traffic stays the same: ${count(available)} of ${count(all)}`,
    },
    notified: (effect: string, value: number) =>
      value === 0
        ? `${effect}. No client subscribes to this service.`
        : `${effect}; ${many(value, 'subscriber is', 'subscribers are')} notified.`,
    blind: (value: number, time: string) =>
      `${many(value, 'client reads', 'clients read')} without subscribing, and may use an old list for up to ${time}.`,
    unsure: 'The registry has just started: there may be readers that it does not know yet.',
    last: 'This is the last available instance. Without it, the service takes no traffic.',
    typeId: (id: string) => `Type ${id} to confirm`,
    pause: 'Pause',
    pauseFor: 'Duration',
    pauseNote: 'It stays registered and gets no traffic. Can be undone.',
    untilLifted: 'until lifted',
    recommended: 'recommended',
    reason: 'Reason',
    drain: 'Drain, then remove',
    drainNote: 'Removed once all subscribers have stopped calling it. Can be cancelled until then.',
    drainQuarantine: 'For 10 minutes after that, it gets no traffic even if it registers again.',
    waitAtMost: 'Wait at most',
    enabled: 'Enabled: may take traffic',
    weight: 'Weight',
    status: 'Status',
    asRegistered: 'as registered',
    clearNote: 'What operators have set is removed: the registration applies again.',
    settingsNote: 'These settings apply on top of what the instance registers, and stay when it registers again.',
    deregisterNote:
      'Removed at once, without waiting for subscribers. A running process registers again at its next heartbeat. Can’t be undone.',
    cancelDrainNote: 'It stays registered, and is as it was before the drain.',
    done: {
      pause: (id: string) => `${id} is paused.`,
      settings: (id: string) => `The settings of ${id} have changed.`,
      lift: (id: string) => `The quarantine of ${id} is lifted.`,
      clear: (id: string) => `The override of ${id} is cleared.`,
      drain: (id: string) => `${id} is removed.`,
      deregister: (id: string) => `${id} is removed.`,
      'cancel-drain': (id: string) => `The drain of ${id} is cancelled.`,
    },
    draining: (id: string) => `${id} is draining.`,
    undone: (id: string) => `Undone: ${id} is as it was before.`,
    stopped: (value: number, all: number) =>
      `${count(value)} of ${many(all, 'subscriber has', 'subscribers have')} stopped calling`,
    acknowledged: (value: number, all: number) =>
      `${count(value)} of ${many(all, 'subscriber has', 'subscribers have')} acknowledged`,
    behind: (id: string, lag: number) => (lag === 0 ? id : `${id}: ${count(lag)} behind`),
    notYet: 'Not yet',

    dismiss: 'Dismiss',
  },
  instance: {
    missing: (id: string) => `The registry knows no instance ${id} of this service.`,
    missingHint:
      'It was never registered under this id, or its history is no longer kept. Its explanation appears here if it registers.',
    asOf: (at: string) => `As of ${moment(at)}`,
    asOfHint: 'Show the service as it was before',
    copyId: 'Copy id',
    copyAddress: 'Copy address',
    also: 'Also:',
    findings: {
      expired: ({ lastAt, removedAt }: { lastAt: string; removedAt: string }) =>
        `It stopped renewing at ${moment(lastAt)} and was removed ${span(lastAt, removedAt)} later.`,
      deregistered: ({ at, actor, isOwner }: { at: string; actor: string; isOwner: boolean }) =>
        isOwner
          ? `It was deregistered at ${moment(at)} by its own token, ${actor}.`
          : `It was deregistered at ${moment(at)} by ${actor}, which is not its owner.`,
      drained: ({ at, actor, isOwner }: { at: string; actor: string; isOwner: boolean }) =>
        isOwner
          ? `Its own token, ${actor}, drained it; it was removed at ${moment(at)}.`
          : `${actor} drained it; it was removed at ${moment(at)}.`,
      'session-closed': ({ at }: { at: string }) => `It closed its session at ${moment(at)}, which removed it.`,
      removed: ({ at, cause, actor }: { at: string; cause: Cause; actor: string }) =>
        `It was removed at ${moment(at)} by ${actor}: ${causes[cause] ?? cause}.`,
      unknown: () => 'It is gone, and the change that removed it is no longer kept.',
      never: () => 'It is not registered, and the history has no registration of it.',
      draining: ({ actor, endsAt }: { actor: string; endsAt: string | undefined }) =>
        `${actor} drains it: it takes no traffic${endsAt === undefined ? '' : `, and will be removed by ${moment(endsAt)}`}.`,
      quarantined: ({
        at,
        actor,
        isRollback,
        reason,
        until,
      }: {
        at: string;
        actor: string;
        isRollback: boolean;
        reason: string | undefined;
        until: string | undefined;
      }) =>
        `${isRollback ? `A rollback by ${actor}` : actor} quarantined it at ${moment(at)}, ${
          until === undefined ? 'until it is lifted' : `until ${moment(until)}`
        }${reason === undefined ? '.' : `: “${reason}”.`}`,
      unhealthy: ({ lastAt, removedAt }: { lastAt: string | undefined; removedAt: string | undefined }) =>
        `It is unhealthy${lastAt === undefined ? '' : `: it has not renewed since ${moment(lastAt)}`}${
          removedAt === undefined ? '' : `, and will be removed at ${moment(removedAt)}`
        }.`,
      disabled: ({ at, actor }: { at: string; actor: string }) => `${actor} disabled it at ${moment(at)}.`,
      status: ({ status, actor }: { status: string; actor: string | undefined }) =>
        actor === undefined ? `It reports the status “${status}”.` : `${actor} set its status to “${status}”.`,
      weight: ({ actor }: { actor: string | undefined }) =>
        actor === undefined ? 'Its weight is 0.' : `${actor} set its weight to 0.`,
      up: ({ since }: { since: string }) => `It takes traffic, registered since ${moment(since)}.`,
    },
    hints: {
      sudden: ({ intervalMs, lastAt, host }: { intervalMs: number; lastAt: string; host: string | undefined }) =>
        `Until then no renewal came later than ${duration(intervalMs)} after the one before, so it stopped at once: look for a crash, a kill or a cut network${
          host === undefined ? '' : ` on ${host}`
        } at ${moment(lastAt)}.`,
      slow: ({ intervalMs, ttlMs }: { intervalMs: number; ttlMs: number }) =>
        `Its renewals came up to ${duration(intervalMs)} apart, with a ttl of ${duration(ttlMs)}: it was too slow. Look for long pauses (garbage collection, a busy processor), or raise the ttl.`,
      uneven: ({ intervalMs, ttlMs }: { intervalMs: number; ttlMs: number }) =>
        `Its renewals came up to ${duration(intervalMs)} apart, with a ttl of ${duration(ttlMs)}: late, but in time. It may have been slow, or have stopped at once.`,
      'never-renewed': ({ ttlMs }: { ttlMs: number }) =>
        `It never renewed after it registered: look for a crash at its start, or for a client that sends no heartbeat within ${duration(ttlMs)}.`,
      session: ({ lastAt }: { lastAt: string }) =>
        `Its connection renewed it, and only the last ping is recorded: look for a crash, a kill or a cut network at ${moment(lastAt)}.`,
      'too-late': ({ since }: { since: string }) =>
        `Renewals are recorded only since ${moment(since)}, when the registry started: too late to tell a slow process from one that stopped at once.`,
      'nearly-late': ({ intervalMs, ttlMs }: { intervalMs: number; ttlMs: number }) =>
        `Its renewals come up to ${duration(intervalMs)} apart, with a ttl of ${duration(ttlMs)}: a little slower, and it is unhealthy. Renew more often, or raise the ttl.`,
      flapping: ({ count: times, isMore }: { count: number; isMore: boolean }) =>
        `It is flapping: it was unhealthy ${isMore ? 'at least ' : ''}${count(times)} times within five minutes.`,
      'was-gone': ({ cause, goneAt, backAt }: { cause: Cause; goneAt: string; backAt: string }) =>
        `It was gone for ${span(goneAt, backAt)} (${causes[cause] ?? cause}) and came back at ${moment(backAt)}.`,
      'kept-quarantine': ({ until }: { until: string | undefined }) =>
        `Its quarantine stays ${until === undefined ? 'until it is lifted' : `until ${moment(until)}`}: if it registers again before, it takes no traffic.`,
      'only-override': ({ actor }: { actor: string }) =>
        `It renews in time, and would take traffic without the settings of ${actor}.`,
      'look-at-owner': ({ at }: { at: string }) =>
        `That was on purpose: look at its own log and at its deployment at ${moment(at)}.`,
      ask: ({ actor }: { actor: string }) =>
        `Nothing points to a fault of the instance: ask the owner of the token ${actor}.`,
    },
    end: {
      title: 'Its end',
      coming: 'Its last minutes',
      up: 'up',
      upPace: (intervalMs: number) => `up, renewals at most ${duration(intervalMs)} apart`,
      silent: (ms: number) => `silent ${duration(ms)}, still trusted`,
      unhealthy: (ms: number) => `unhealthy ${duration(ms)}, no traffic`,
      draining: (ms: number) => `draining ${duration(ms)}, no new traffic`,
      starts: { silent: 'last renewal', unhealthy: 'ttl over', draining: 'drain began' },
      until: (at: number) => `until ${moment(at)}`,
      removed: 'removed',
      due: 'removal, unless it renews',
      drainDue: 'removal at the latest',
    },
    facts: {
      lastRenewal: 'Last renewal',
      longestInterval: 'Longest gap before',
      lease: 'Unhealthy / removed after',
      owner: 'Owner',
      registered: 'Registered',
      cameBack: 'Came back?',
      backAfter: (at: string, later: string) => `${at}, after ${later}`,
      never: 'never',
      no: 'No',
      noLease: 'No lease',
      unknown: 'not recorded',
    },
    timeline: {
      label: 'Timeline, newest first',
      coming: {
        unhealthyAt: 'Will be unhealthy, unless it renews',
        removedAt: 'Will be removed, unless it renews',
        drainEndsAt: 'Its drain ends: it will be removed',
        quarantineEndsAt: 'Its quarantine ends',
      },
      registered: ({ place, zone }: { place: string; zone: string | undefined }) =>
        `Registered${place && ` at ${place}`}${zone === undefined ? '' : `, zone ${zone}`}`,
      quarantined: ({ forMs, reason }: { forMs: number | undefined; reason: string | undefined }) =>
        `Quarantined ${forMs === undefined ? 'until lifted' : `for ${duration(forMs)}`}${reason === undefined ? '' : `: “${reason}”`}`,
      unhealthy: ({ ttlMs }: { ttlMs: number }) => `Unhealthy: no renewal within ${duration(ttlMs)}`,
      titles: {
        'registered-again': 'Registered again',
        updated: 'Updated',
        expired: 'Removed: its lease expired',
        deregistered: 'Deregistered',
        recovered: 'Recovered: it renewed again',
        'settings-changed': 'Settings changed by an operator',
        'override-removed': 'Settings of operators removed',
        'quarantine-lifted': 'Quarantine lifted',
        'quarantine-ended': 'Quarantine ended at its time',
        'drain-began': 'Drain began',
        'drain-ended': 'Removed after its drain',
        'drain-cancelled': 'Drain cancelled',
        'session-closed': 'Removed: it closed its session',
        removed: 'Removed',
        imported: 'Imported',
        'rolled-back': 'Rolled back',
        restored: 'Restored from a backup',
      },
      silence: (lastAt: string, ms: number | undefined) =>
        `silent ${ms === undefined ? '' : `for ${duration(ms)} `}after the renewal at ${moment(lastAt)}`,
      watchers: (value: number) => many(value, 'watch was notified', 'watches were notified'),
      behind: (ids: string, rest: number) =>
        `not acknowledged by ${ids}${rest === 0 ? '' : ` and ${count(rest)} more`}`,
      compacted: 'Older history is no longer kept.',
      registry: 'registry',
    },
    definition: {
      title: 'Definition',
      last: 'Last definition',
      address: 'Address',
      ports: 'Ports',
      location: 'Location',
      cluster: 'Cluster',
      node: 'Node',
      version: 'Version',
      status: 'Status',
      weight: 'Weight',
      tags: 'Tags',
      lease: 'Lease',
      owner: 'Owner',
      incarnation: 'Incarnation',
      override: 'Set by operators',
      metadata: 'Metadata',
      extensions: 'Extensions',
      persistent: 'Without a lease',
      leaseOf: (ttlMs: number, removeAfterMs: number | null) =>
        `unhealthy after ${duration(ttlMs)}, ${removeAfterMs === null ? 'never removed' : `removed after ${duration(removeAfterMs)}`}`,
    },
  },
  history: {},
  diff: {},
  tokens: {},
  audit: {},
  settings: {},
  keys: {
    title: 'Keyboard',
    on: 'Single keys are on',
    list: [
      ['/', 'Find'],
      ['j k', 'Next and previous row'],
      ['Enter', 'Open the row'],
      ['.', 'Actions of the row or the page'],
      ['[ ]', 'One change back or forward in the past'],
      ['n', 'Back to now'],
      ['?', 'This help'],
      ['Esc', 'Close'],
    ] as readonly (readonly [keys: string, meaning: string])[], // `as`: pairs
  },
};

/** All texts of the page. English is the type; every other language must be complete. */
export type Words = typeof en;
