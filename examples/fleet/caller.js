// Calls the service ten times a second, and resolves an instance for each call: `node caller.js`.

import { setTimeout as sleep } from 'node:timers/promises';
import { callRollcall, servicePath } from './rollcall.js';

const PAUSE_MS = 100;
const ATTEMPTS = 3;
const ANSWER_TIMEOUT_MS = 1_000;

/** Resolves one available instance, which the registry chooses at random, by weight. */
async function resolveOne(service) {
  const { instances } = await callRollcall('GET', `${servicePath(service)}/resolve?limit=1`);
  const [instance] = instances;
  if (instance === undefined) throw new Error(`no instance of ${service} is available`);
  return instance;
}

/** Calls one instance, and another one if the first does not answer. Only for requests that may be repeated. */
async function greet() {
  for (let attempt = 1; ; attempt++) {
    const { id, address, port } = await resolveOne('greeter');
    try {
      const answer = await fetch(`http://${address}:${port}/`, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
      return (await answer.text()).trim();
    } catch (error) {
      // It died a moment ago, and its lease has not ended.
      console.log(`${id} does not answer: ${error.cause?.code ?? error.name}`);
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

for (;;) {
  try {
    console.log(await greet());
  } catch (error) {
    console.log(`failed: ${error.message}`);
  }
  await sleep(PAUSE_MS);
}
