// Calls the service ten times a second, and resolves instances for each call: `node caller.js`.

import { setTimeout as sleep } from 'node:timers/promises';
import { callRollcall, servicePath } from './rollcall.js';

const PAUSE_MS = 100;
const ATTEMPTS = 3;
const ANSWER_TIMEOUT_MS = 1_000;

/** Resolves a few available instances, all different, which the registry chooses at random, by weight. */
async function resolveSome(service) {
  const { instances } = await callRollcall('GET', `${servicePath(service)}/resolve?limit=${ATTEMPTS}`);
  if (instances.length === 0) throw new Error(`no instance of ${service} is available`);
  return instances;
}

/** Calls one instance, and another one if the first does not answer. Only for requests that may be repeated. */
async function greet() {
  let failure;
  for (const { id, address, port } of await resolveSome('greeter')) {
    try {
      const answer = await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      return (await answer.text()).trim();
    } catch (error) {
      // It died a moment ago, and its lease has not ended.
      console.log(`${id} does not answer: ${error.cause?.code ?? error.name}`);
      failure = error;
    }
  }
  throw failure;
}

for (;;) {
  try {
    console.log(await greet());
  } catch (error) {
    console.log(`failed: ${error.message}`);
  }
  await sleep(PAUSE_MS);
}
