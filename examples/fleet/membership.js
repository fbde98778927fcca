// Keeps one instance registered as long as this process lives.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { callRollcall, Refusal, servicePath } from './rollcall.js';

/** Heartbeat interval until the registry has sent one. */
const FIRST_INTERVAL_MS = 1_000;

/** Longest time to stay up after a drain, for callers that still use an old answer. */
const LINGER_MAX_MS = 10_000;

/**
 * Registers an instance and sends heartbeats until it leaves. An outage of the registry does not stop the service: the
 * instance is registered as soon as the registry is back, and again whenever the registry has lost it.
 *
 * @param service Name of the service.
 * @param id Id of the instance: the same one after a restart, so that it replaces its earlier registration.
 * @param instance Definition of the instance: address, port, weight, metadata, lease.
 */
export function join(service, id, instance) {
  const path = `${servicePath(service)}/instances/${encodeURIComponent(id)}`;
  // Distinguishes a restart from a repeated request: a new run of a drained instance takes traffic again.
  const definition = { ...instance, incarnation: randomUUID() };
  const leaving = new AbortController();
  let registered = false;
  let intervalMs = FIRST_INTERVAL_MS;

  async function register() {
    const { lease, warnings } = await callRollcall('PUT', path, definition);
    for (const { message } of warnings) console.warn(`${id}: the registry warns: ${message}`);
    console.log(`${id}: registered, with a heartbeat every ${lease.intervalMs} ms`);
    registered = true;
    intervalMs = lease.intervalMs;
  }

  async function beat() {
    try {
      await callRollcall('POST', `${path}/heartbeat`);
    } catch (error) {
      if (!(error instanceof Refusal) || error.code !== 'INSTANCE_NOT_FOUND') throw error;
      registered = false;
      await register();
    }
  }

  async function run() {
    while (!leaving.signal.aborted) {
      try {
        await (registered ? beat() : register());
      } catch (error) {
        // The next heartbeat is the retry: three of them fit into one lease.
        console.warn(`${id}: ${error.message}`);
      }
      // Random, so that instances that were started together do not send their heartbeats together.
      const pause = intervalMs * (0.9 + 0.2 * Math.random());
      await sleep(pause, undefined, { signal: leaving.signal }).catch(() => {});
    }
  }

  const running = run();

  return {
    /**
     * Takes the instance out of traffic. When it returns, callers have stopped choosing it, and the process may end once
     * its pending requests are answered.
     */
    async leave() {
      leaving.abort();
      await running;
      if (!registered) return;
      try {
        // The response may take as long as `wait`, so the call gets a little more time.
        const { safeAfterMs } = await callRollcall('POST', `${path}/drain?wait=5s`, undefined, 7_000);
        await sleep(Math.min(safeAfterMs, LINGER_MAX_MS));
      } catch (error) {
        console.warn(`${id}: could not drain (${error.message}); the lease will expire`);
      }
    },
  };
}
