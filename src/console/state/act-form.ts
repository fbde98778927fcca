import type { Override, Service } from '../../client/wire/answers';
import type { OverrideBody } from '../../client/wire/bodies';
import type { Instance, InstanceStatus } from '../../client/wire/instance';
import { type Act, type Effect, effectOf, isAvailableWith } from './acts';
import { bodyOf, isSameOverride, withoutQuarantine } from './override';

/** A change that an operator has asked for. */
export type Command =
  | { kind: 'pause' | 'settings' | 'lift' | 'clear'; override: OverrideBody | undefined }
  | { kind: 'drain'; waitMs: number }
  | { kind: 'deregister' | 'cancel-drain' };

/** Durations of a pause; 0: until it is lifted. */
export const PAUSES_MS = [600_000, 3_600_000, 0] as const;

/** Times that a drain waits for subscribers. */
export const WAITS_MS = [30_000, 120_000, 300_000] as const;

/** Statuses that an operator sets. */
export const SET_STATUSES = ['up', 'out-of-service', 'down'] as const satisfies readonly InstanceStatus[];

/** Fields of the dialog of an act. */
export interface ActForm {
  mode: 'pause' | 'drain';
  pauseMs: number;
  reason: string;
  waitMs: number;
  isEnabled: boolean;
  /** Empty: as registered. */
  weight: string;
  /** Empty: as registered. */
  status: string;
}

/** Returns the fields as they are at first. An owner that may not operate the service can only drain. */
export function formOf(override: Override | undefined, operates: boolean): ActForm {
  return {
    mode: operates ? 'pause' : 'drain',
    pauseMs: PAUSES_MS[0],
    reason: '',
    waitMs: WAITS_MS[0],
    isEnabled: override?.enabled !== false,
    weight: override?.weight?.toString() ?? '',
    status: override?.status ?? '',
  };
}

/** State that a command changes. */
interface Before {
  instance: Instance | undefined;
  override: Override | undefined;
}

/**
 * Returns the command of a filled form; undefined if it would change nothing.
 *
 * @param now Milliseconds since the epoch.
 */
export function commandOf(act: Act, { override }: Before, form: ActForm, now: number): Command | undefined {
  switch (act) {
    case 'take-out': {
      if (form.mode === 'drain') return { kind: 'drain', waitMs: form.waitMs };
      const quarantine = {
        ...(form.pauseMs > 0 && { until: new Date(now + form.pauseMs).toISOString() }),
        ...(form.reason.trim() !== '' && { reason: form.reason.trim() }),
      };
      return { kind: 'pause', override: { ...(override && bodyOf(override)), quarantine } };
    }
    case 'settings': {
      const { enabled: _enabled, weight: _weight, status: _status, ...kept } = override ? bodyOf(override) : {};
      const status = SET_STATUSES.find((each) => each === form.status);
      const wanted: OverrideBody = {
        ...kept,
        ...(!form.isEnabled && { enabled: false }),
        ...(form.weight.trim() !== '' && { weight: Number(form.weight) }),
        ...(status !== undefined && { status }),
      };
      const body = Object.keys(wanted).length > 0 ? wanted : undefined;
      return isSameOverride(body, override && bodyOf(override)) ? undefined : { kind: 'settings', override: body };
    }
    case 'lift':
      return override && { kind: 'lift', override: withoutQuarantine(override) };
    case 'clear':
      return override && { kind: 'clear', override: undefined };
    default:
      return { kind: act };
  }
}

/**
 * Returns the effect of a command on the traffic of the service; undefined if only the registry knows it: a cancelled drain
 * leaves the instance as it was before.
 */
export function effectOfCommand(
  command: Command,
  { instance, override, service }: Before & { service: Pick<Service, 'instances' | 'available'> },
): Effect | undefined {
  if (instance === undefined || command.kind === 'cancel-drain') return undefined;
  if (!('override' in command)) return effectOf(service, instance.available, false);
  // The registration itself is not known where an override hides it: most are up, with a weight.
  const registered = {
    ...instance,
    ...(override?.weight !== undefined && { weight: 1 }),
    ...(override?.status !== undefined && { status: 'up' as const }),
  };
  return effectOf(service, instance.available, isAvailableWith(registered, command.override ?? {}));
}
