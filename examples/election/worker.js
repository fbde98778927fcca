import { setTimeout as sleep } from 'node:timers/promises';
import { releaseOnSignals, rollcall } from 'rollcall/client';
import { election } from 'rollcall/client/locks';

const name = process.argv[2] ?? `worker-${process.pid}`;
const resource = process.env.RESOURCE_URL ?? 'http://127.0.0.1:8790';
const client = rollcall({
  url: process.env.ROLLCALL_URL ?? 'http://127.0.0.1:8787',
  token: process.env.ROLLCALL_TOKEN,
});

/** Time after which another worker takes over from a leader that has crashed or is frozen. */
const TTL_MS = 3_000;

/** Time that a report takes. */
const WORK_MS = 1_000;

/** Writes a report, which the resource refuses if there has been a later leader. */
async function write(token) {
  const text = `report of ${name} at ${new Date().toISOString()}`;
  try {
    const headers = { 'Fencing-Token': String(token), 'X-Writer': name };
    const { status } = await fetch(resource, { method: 'PUT', body: text, headers });
    console.log(status === 204 ? `wrote with token ${token}` : `token ${token} was refused`);
  } catch (error) {
    console.log(`could not write: ${error.message}`);
  }
}

// On SIGTERM, the next worker takes over at once.
releaseOnSignals(client);

for (;;) {
  const leadership = await election(client, 'report').campaign({ value: name, ttlMs: TTL_MS });
  console.log(`leading with token ${leadership.token}`);
  while (leadership.isHeld) {
    // Whatever happens meanwhile, a freeze for example: the token decides when the report arrives.
    await sleep(WORK_MS);
    await write(leadership.token);
  }
  console.log('no longer leading');
}
