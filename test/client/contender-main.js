/**
 * Takes a lock again and again, and writes to a resource while it holds it. Prints `granted <token> <time>`,
 * `held <token> <time>` and `released <token>`: each time is one at which the lock was held by the clock of this process.
 */
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { rollcall } from 'rollcall/client';
import { kv } from 'rollcall/client/kv';
import { grantLease, lock } from 'rollcall/client/locks';

const { REGISTRY, TOKEN, RESOURCE, RECIPE, TTL_MS } = process.env;
const ttlMs = Number(TTL_MS);
const client = rollcall({ url: REGISTRY, token: TOKEN, onWarning: false });
const entries = kv(client);

/** Holds the lock with the entry that was created first. */
async function first() {
  const held = await lock(client, 'guard', { ttlMs });
  return { token: held.token, isHeld: () => held.isHeld, release: () => held.release() };
}

/** Holds the lock of an entry. */
async function acquired() {
  for (;;) {
    const lease = await grantLease(client, { ttlMs });
    while (lease.isHeld) {
      try {
        const { lock: taken } = await entries.put('guard', '', { acquire: lease.id });
        const release = async () => {
          // A lease that is not revoked would be renewed, and hold the lock, for as long as this process lives.
          try {
            await entries.put('guard', '', { release: lease.id });
          } finally {
            await lease.revoke();
          }
        };
        return { token: taken.acquiredRevision, isHeld: () => lease.isHeld, release };
      } catch (error) {
        if (error.code === 'LEASE_NOT_FOUND') break;
        await sleep(20);
      }
    }
  }
}

const take = RECIPE === 'acquire' ? acquired : first;

/** Writes to the resource, which refuses a token that is lower than another one. */
async function write(token) {
  const headers = { 'Fencing-Token': String(token), 'X-Writer': String(process.pid) };
  await fetch(RESOURCE, { method: 'PUT', headers });
}

for (;;) {
  try {
    const held = await take();
    // Held at this time: it was granted before, and still is afterwards. A freeze between may be longer than the lease.
    const grantedAt = Date.now();
    if (held.isHeld()) console.log(`granted ${held.token} ${grantedAt}`);
    for (let turn = 0; turn < 20; turn += 1) {
      const at = Date.now();
      if (!held.isHeld()) break;
      console.log(`held ${held.token} ${at}`);
      await sleep(25);
      // Without a check of its own: after a freeze only the token decides.
      await write(held.token);
    }
    await held.release();
    console.log(`released ${held.token}`);
  } catch (error) {
    console.log(`failed ${error.code ?? error.message}`);
    await sleep(50);
  }
}
