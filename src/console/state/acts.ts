import type { Override, Service, Subscriber, SubscriberList } from '../../client/wire/answers';
import type { OverrideBody } from '../../client/wire/bodies';
import type { Instance } from '../../client/wire/instance';

/** Acts on an instance that the page offers. */
export type Act = 'take-out' | 'settings' | 'lift' | 'clear' | 'cancel-drain' | 'deregister';

/** An instance that may be gone, and its override, which may outlive it. */
export interface Subject {
  instance: Instance | undefined;
  override?: Override | undefined;
}

/** Powers over an instance: to operate its service, or to change it as its owner. */
export interface Powers {
  operates: boolean;
  owns: boolean;
}

/** Returns the acts that the registry allows and that would change something, the recommended one first. */
export function actsOn({ instance, override }: Subject, { operates, owns }: Powers): Act[] {
  const isQuarantined = instance?.quarantined ?? override?.quarantine !== undefined;
  const isOverridden = instance?.overridden ?? override !== undefined;
  const isDraining = instance?.status === 'draining';
  const isPresent = instance !== undefined;
  const mayChange = isPresent && (operates || owns);
  const offered: [act: Act, isOffered: boolean][] = [
    ['cancel-drain', isDraining && mayChange],
    ['lift', isQuarantined && !isDraining && operates],
    ['take-out', !isDraining && mayChange],
    ['settings', isPresent && !isDraining && operates],
    ['clear', isOverridden && !isDraining && operates],
    ['deregister', mayChange],
  ];
  return offered.filter(([, isOffered]) => isOffered).map(([act]) => act);
}

/** Readers of a service: those that acknowledge, and those that can't. */
export interface Readers {
  /** Ids of the subscribers that a drain waits for. */
  subscribers: string[];
  /** Number of readers that hold a list and can't acknowledge. Plain reads hold nothing, and this page makes some itself. */
  blind: number;
  /** True: more of them may exist, as the registry has just started. */
  isUnsure: boolean;
  /** Longest time that a reader which can't acknowledge may use an old list. */
  safeAfterMs: number;
}

/** Returns the readers that a list of subscribers describes. */
export function readersOf({ blind, unknown, safeAfterMs }: SubscriberList, all: readonly Subscriber[]): Readers {
  return {
    subscribers: all.filter(({ observer }) => observer !== true).map(({ id }) => id),
    blind: Object.entries(blind).reduce((sum, [kind, each]) => (kind === 'plain' ? sum : sum + each), 0),
    isUnsure: unknown?.some((kind) => kind !== 'plain') ?? false,
    safeAfterMs,
  };
}

/** Effect of a change of an instance on the traffic of its service. */
export interface Effect {
  /** `out`: it stops taking traffic; `in`: it takes traffic again. */
  change: 'out' | 'in' | 'none';
  /** Available instances before the change. */
  available: number;
  /** All instances before the change. */
  instances: number;
  /** True: no available instance is left. */
  isLast: boolean;
}

/** Returns the effect on traffic of changing whether an instance is available. */
export function effectOf(
  { instances, available }: Pick<Service, 'instances' | 'available'>,
  wasAvailable: boolean,
  isAvailable: boolean,
): Effect {
  const change = wasAvailable === isAvailable ? 'none' : isAvailable ? 'in' : 'out';
  return { change, available, instances, isLast: change === 'out' && available <= 1 };
}

/** Reports whether an instance takes traffic with an override, as the registry decides it. */
export function isAvailableWith(instance: Instance, override: OverrideBody): boolean {
  const { enabled = true, weight = instance.weight, status = instance.status, quarantine } = override;
  return instance.healthy && enabled && weight > 0 && status === 'up' && quarantine === undefined;
}

/** Progress of a change through the subscribers of its service. */
export interface Progress {
  /** Subscribers that have acknowledged it. */
  acknowledged: number;
  /** Subscribers that it waits for. */
  all: number;
  /** Those that have not acknowledged it, with the number of revisions that were not sent to them yet. */
  behind: { id: string; lag: number }[];
}

/**
 * Returns how far a revision has come.
 *
 * @param awaited Ids of the subscribers at the time of the change: later ones have never seen the state before it. One that
 * has left is not counted.
 */
export function progressOf(
  subscribers: readonly Subscriber[],
  awaited: ReadonlySet<string>,
  revision: number,
): Progress {
  const counted = subscribers.filter(({ id, observer }) => observer !== true && awaited.has(id));
  const behind = counted
    .filter(({ acknowledgedRevision }) => acknowledgedRevision < revision)
    .map(({ id, lag }) => ({ id, lag }));
  return { acknowledged: counted.length - behind.length, all: counted.length, behind };
}
