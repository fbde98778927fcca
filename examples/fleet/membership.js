// Keeps one instance registered for as long as this process lives.

import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { callRollcall, Refusal, servicePath } from './rollcall.js';

/** Until the registry has said how often to beat. */
const FIRST_INTERVAL_MS = 1_000;

/** Longest time that we stay up after a drain for callers that still hold an old answer. */
const LINGER_MAX_MS = 10_000;

/**
 * Registers an instance and beats until it is told to leave. A registry that is away stops nobody from working: the
 * instance is registered as soon as it is back, and again whenever it has lost it.
 *
 * @param service Name of the service.
 * @param id Id of the instance: the same one after a restart, so that it takes its own place again.
 * @param instance What callers need to know: address, port, weight, metadata, lease.
 */
export function join(service, id, instance) {
  const path = `${servicePath(service)}/instances/${encodeURIComponent(id)}`;
  // Tells a restart from a repeat: a new run of a drained instance takes traffic again.
  const definition = { ...instance, incarnation: randomUUID() };
  const leaving = new AbortController();
  let registered = false;
  let intervalMs = FIRST_INTERVAL_MS;

  async function register() {
    const { lease, warnings } = await callRollcall('PUT', path, definition);
    for (const { message } of warnings) console.warn(`${id}: the registry warns: ${message}`);
    console.log(`${id}: registered, a beat every ${lease.intervalMs} ms`);
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
        // The next beat is the retry: three of them fit into one lease.
        console.warn(`${id}: ${error.message}`);
      }
      // Not quite regular, so that a fleet that was started together does not beat together for ever.
      const pause = intervalMs * (0.9 + 0.2 * Math.random());
      await sleep(pause, undefined, { signal: leaving.signal }).catch(() => {});
    }
  }

  const running = run();

  return {
    /**
     * Takes the instance out of traffic. When it returns, callers have stopped choosing it, and the process may end once
     * the requests it has are answered.
     */
    async leave() {
      leaving.abort();
      await running;
      if (!registered) return;
      try {
        // The answer may take as long as `wait`: the call gets a little more.
        const { safeAfterMs } = await callRollcall('POST', `${path}/drain?wait=5s`, undefined, 7_000);
        await sleep(Math.min(safeAfterMs, LINGER_MAX_MS));
      } catch (error) {
        console.warn(`${id}: could not drain (${error.message}); the lease will run out`);
      }
    },
  };
}
