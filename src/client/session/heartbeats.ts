import { BackOff } from '../wire/back-off';
import type { Lease } from '../wire/instance';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import type { Time } from '../wire/time';
import type { Holding, Keeper } from './holding';

/** Timeout of a heartbeat. With short leases it is half an interval, so that three heartbeats fit into a lease. */
const BEAT_TIMEOUT_MS = 5_000;

/** Shortest timeout of a heartbeat, whatever the interval. */
const BEAT_TIMEOUT_LEAST_MS = 1_000;

/** Pause after a refusal, in milliseconds: an operator has to fix its cause first. */
const REFUSED_PAUSE_MS = 10_000;

/** Response to a registration or a heartbeat. */
interface Granted {
  lease: Lease | null;
}

/** A registered instance, and its next heartbeat. */
interface Beat {
  readonly ended: AbortController;
  readonly backOff: BackOff;
  cancel: (() => void) | undefined;
  isSending: boolean;
  /** Lease as granted; null before the first response. */
  lease: Lease | null;
}

/**
 * Keeps instances registered by heartbeats over HTTP, at the interval that the registry grants: a third of the time to
 * live, unless the registration asked for another one. An instance that the registry does not know is registered again.
 */
export class Heartbeats implements Keeper {
  readonly #http: RegistryHttp;
  readonly #time: Time;
  readonly #beats = new Map<Holding, Beat>();

  constructor(http: RegistryHttp, time: Time) {
    this.#http = http;
    this.#time = time;
  }

  keep(holding: Holding): void {
    const beat: Beat = {
      ended: new AbortController(),
      backOff: new BackOff(this.#time),
      cancel: undefined,
      isSending: false,
      lease: null,
    };
    this.#beats.set(holding, beat);
    void this.#act(holding, beat);
  }

  changed(holding: Holding): void {
    const beat = this.#beats.get(holding);
    if (beat !== undefined) void this.#act(holding, beat);
  }

  drop(holding: Holding): void {
    const beat = this.#beats.get(holding);
    this.#beats.delete(holding);
    beat?.cancel?.();
    beat?.ended.abort();
  }

  /** Registers the instance or sends a heartbeat, and schedules the next. Never rejects. */
  async #act(holding: Holding, beat: Beat): Promise<void> {
    if (beat.isSending) return;
    beat.isSending = true;
    beat.cancel?.();
    const { version } = holding;
    let pauseMs: number;
    try {
      await this.#send(holding, beat);
      beat.backOff.reset();
      // Jittered, so that instances that were started together don't send heartbeats together forever.
      const intervalMs = (beat.lease?.intervalMs ?? 0) * (0.9 + 0.1 * this.#time.random());
      pauseMs = holding.isDirty ? 0 : intervalMs;
    } catch (error) {
      pauseMs = this.#pauseAfter(RollcallError.from(error, 'no heartbeat'), holding, version, beat);
    }
    beat.isSending = false;
    if (beat.ended.signal.aborted) return;
    // A registration keeps the process alive, as it does with a socket.
    beat.cancel = this.#time.after(pauseMs, () => void this.#act(holding, beat), true);
  }

  async #send(holding: Holding, beat: Beat): Promise<void> {
    const { version, definition, isDirty } = holding;
    const sentAt = this.#time.now();
    const intervalMs = beat.lease?.intervalMs ?? Number.POSITIVE_INFINITY;
    const timeoutMs = Math.min(BEAT_TIMEOUT_MS, Math.max(BEAT_TIMEOUT_LEAST_MS, intervalMs / 2));
    const options = { signal: beat.ended.signal, timeoutMs };
    const path = this.#http.instancePath(definition);
    if (!isDirty) {
      const { lease = null } = await this.#http.call<Granted>('POST', `${path}/heartbeat`, options);
      beat.lease = lease;
      holding.renewed(sentAt, lease?.ttlMs ?? 0);
      return;
    }
    const { group: _group, service: _service, id: _id, ...body } = definition;
    const { lease } = (await this.#http.call<Granted | undefined>('PUT', path, { ...options, body })) ?? {};
    if (lease === undefined) {
      const answered = `PUT ${this.#http.url}${path} was answered without a lease`;
      throw new RollcallError('INVALID_REQUEST', `${answered}, so not by a registry; check the url`);
    }
    beat.lease = lease;
    // The connection that a runtime keeps for the next request may be dead, and so may be the one after it.
    beat.backOff.mostMs = Math.min(beat.backOff.mostMs, (lease?.intervalMs ?? Number.POSITIVE_INFINITY) / 2);
    holding.taken(version, definition, sentAt, lease?.ttlMs ?? 0);
  }

  /** Handles a failure; returns the time until the next attempt, in milliseconds. */
  #pauseAfter(error: RollcallError, holding: Holding, version: number, beat: Beat): number {
    if (beat.ended.signal.aborted) return 0;
    if (error.code === 'INSTANCE_NOT_FOUND') {
      holding.markLost();
      return holding.isLeaving ? REFUSED_PAUSE_MS : 0;
    }
    if (error.isPassing || !holding.isDirty) {
      holding.trouble(error);
      return Math.max(beat.backOff.next(), error.retryAfterMs ?? 0);
    }
    holding.refused(version, error);
    return holding.isDirty ? REFUSED_PAUSE_MS : 0;
  }
}
