/**
 * Suite for the built client in every runtime, in plain JavaScript without runtime APIs: it registers and
 * watches while the registry is killed, cut off and half open. It throws at the first failed check.
 */

const SERVICE = 'orders';
const TTL_MS = 10_000;

/** A runtime may try a few dead connections before it opens a new one. */
const BEATING_TTL_MS = 15_000;
const LOCK_TTL_MS = 30_000;
const TIMEOUT_MS = 60_000;

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function assert(holds, what) {
  if (!holds) throw new Error(`failed: ${what}`);
}

async function until(what, holds) {
  const end = Date.now() + TIMEOUT_MS;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`timed out after ${TIMEOUT_MS} ms: ${what}`);
    await sleep(20);
  }
}

/** Keeps a list of weights by id with a watch. */
function listOf(client, transport) {
  const list = { weights: new Map(), frames: [], watch: undefined };
  list.watch = client.watch(
    { services: [SERVICE] },
    {
      transport,
      onFrame: (frame) => {
        list.frames.push(frame.type);
        if (frame.type === 'snapshot' || frame.type === 'reset') list.weights.clear();
        for (const { instances } of frame.services ?? []) {
          for (const { id, weight } of instances) list.weights.set(id, weight);
        }
        for (const { type, kind, id, after } of frame.changes ?? []) {
          if (kind !== 'instance') continue;
          if (type === 'put') list.weights.set(id, after.weight);
          else list.weights.delete(id);
        }
        if (frame.type !== 'reset') list.watch.acknowledge(frame.cursor);
      },
    },
  );
  return list;
}

/**
 * @param rollcall The client's entry point.
 * @param rollcallAdmin Entry point of all calls.
 * @param kv Entry point of entries.
 * @param lock Entry point of locks.
 * @param options Client options, with the proxy's URL.
 * @param control Breaks and repairs connections: `kill`, `cut`, `reset`, `halfOpen`, `refuse`, `heal`.
 * @param log Receives each completed step.
 */
export async function runSuite({ rollcall, rollcallAdmin, kv, lock, RollcallError, options, control, log }) {
  const client = rollcall(options);
  const admin = rollcallAdmin(options);
  const events = [];
  const place = { service: SERVICE, address: '10.0.0.7', lease: { ttlMs: TTL_MS } };
  const startedAt = Date.now();
  /** Records the events of a registration and their times, to report if a check fails. */
  const noting = (id) => ({
    onEvent: ({ type, error }) =>
      events.push({ type, text: `${Date.now() - startedAt} ${id} ${type} ${error?.detail ?? ''}` }),
  });
  const history = () => events.map(({ text }) => text).join('\n');

  const held = await client.register({ ...place, id: 'held', port: 1 }, noting('held'));
  const beating = await client.register(
    { ...place, id: 'beating', port: 2, lease: { ttlMs: BEATING_TTL_MS } },
    { transport: 'heartbeat', ...noting('beating') },
  );
  const { instances } = await admin.listInstances({ service: SERVICE, available: true });
  assert(instances.map(({ id }) => id).join() === 'beating,held', 'both are registered');
  log('registered');

  const lists = [undefined, 'stream', 'poll'].map((transport) => listOf(client, transport));
  const allKnow = (id, weight) =>
    until(`all have ${id} with weight ${weight}`, () => lists.every((list) => list.weights.get(id) === weight));
  await allKnow('held', 1);
  await held.update({ weight: 2 });
  await allKnow('held', 2);
  log('watched');

  let weight = 2;
  for (const trouble of ['cut', 'reset', 'kill', 'halfOpen', 'refuse']) {
    await control(trouble);
    weight += 1;
    const updated = Promise.all([held.update({ weight }), beating.update({ weight })]);
    if (trouble === 'refuse') await sleep(500);
    await control('heal');
    await updated;
    // A connection that only waits for changes notices later than one that sends: the next fault ends that wait.
    if (trouble === 'halfOpen') await sleep(TTL_MS);
    else for (const id of ['held', 'beating']) await allKnow(id, weight);
    events.push({ type: 'step', text: `${Date.now() - startedAt} ${trouble} is over` });
    log(trouble);
  }
  // Long enough for the lease to expire, if it had not been renewed throughout.
  await sleep(TTL_MS);
  assert(held.isHeld && beating.isHeld, 'both are held');
  const registered = events.filter(({ type }) => type === 'registered');
  const lost = events.filter(({ type }) => type === 'lost');
  assert(registered.length === 2 && lost.length === 0, `nothing was ever lost:\n${history()}`);
  for (const { frames } of lists.slice(0, 2)) {
    assert(frames.filter((type) => type === 'snapshot').length === 1, `a watch resumes where it was: ${frames}`);
  }

  const entries = kv(client);
  await entries.put('bytes/ü', Uint8Array.of(0, 255));
  assert((await entries.get('bytes/ü'))?.value.join() === '0,255', 'an entry has its bytes');
  const locked = await lock(client, 'suite', { ttlMs: LOCK_TTL_MS });
  const waiting = lock(client, 'suite', { ttlMs: LOCK_TTL_MS });
  await until('another waits', async () => (await entries.count({ prefix: 'locks/' })) === 2);
  await locked.release();
  const next = await waiting;
  assert(next.isHeld && !locked.isHeld && next.token > locked.token, 'a lock is passed on');
  log('locked');

  const report = await held.drain({ waitMs: 10_000 });
  assert(report.drained && report.acknowledged === 3, `all three acknowledged: ${JSON.stringify(report)}`);
  await until('all have removed it', () => lists.every((list) => !list.weights.has('held')));
  log('drained');

  const refusal = await admin.readInstance({ service: SERVICE, id: 'missing' }).catch((error) => error);
  assert(refusal instanceof RollcallError && refusal.code === 'INSTANCE_NOT_FOUND', 'errors have their code');
  await beating.release();
  await client.close();
  const left = await admin.listInstances({ service: SERVICE });
  assert(left.instances.length === 0, 'nothing is left');
  assert((await entries.count({ prefix: 'locks/' })) === 0 && !next.isHeld, 'no lock is left');
  log('closed');
}
