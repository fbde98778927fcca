import { setTimeout as sleep } from 'node:timers/promises';
import { consul } from './client.js';

const name = process.argv[2] ?? `worker-${process.pid}`;

/** Key that the worker with the lock has locked. */
const KEY = 'locks/report';

/** By default the shortest that Consul has. The lock of a worker that has crashed is free after twice that. */
const TTL = process.env.SESSION_TTL ?? '10s';
const RENEW_MS = 3_000;

/** Time that a report takes. */
const WORK_MS = 500;

/** Session that holds the lock; undefined after it has ended. */
let session;

/** Waits until a key is not locked, by blocking queries. */
function unlocked(key) {
  const watch = consul.watch({ method: consul.kv.get, options: { key, wait: '60s' } });
  watch.on('error', (error) => console.log(`not watched: ${error.message}`));
  return new Promise((resolve) => {
    watch.on('change', (entry) => {
      if (entry?.Session !== undefined) return;
      watch.end();
      resolve();
    });
  });
}

async function renew() {
  try {
    if (session !== undefined) await consul.session.renew(session);
  } catch (error) {
    // A session that has ended is unknown. After any other error, the next renewal may succeed.
    if (error.statusCode === 404) session = undefined;
    console.log(`not renewed: ${error.message}`);
  }
}

setInterval(renew, RENEW_MS);
process.once('SIGTERM', async () => {
  if (session !== undefined) await consul.session.destroy(session);
  process.exit();
});

for (;;) {
  // Without it, Consul keeps a lock from others for 15 s after its session has ended.
  const created = await consul.session.create({ name, ttl: TTL, lockdelay: '0s' });
  session = created.ID;
  while (session !== undefined && !(await consul.kv.set({ key: KEY, value: name, acquire: session }))) {
    console.log('waiting for the lock');
    await unlocked(KEY);
  }
  while (session !== undefined) {
    console.log(`report of ${name}`);
    await sleep(WORK_MS);
  }
}
