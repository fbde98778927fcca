import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import process from 'node:process';
import { createInterface } from 'node:readline';

const clients = createRequire(new URL('../../../clients/package.json', import.meta.url));

/** The client, which has no ESM exports. */
export const etcd3 = clients('etcd3');

const { ETCD_ENDPOINT, ETCD_USER: username, ETCD_PASSWORD, ETCD_CA: ca, ETCD_CHECKS } = process.env;

/** URL of the server. */
export const endpoint = ETCD_ENDPOINT;

/** User of all clients. */
export const credentials = { username, password: ETCD_PASSWORD };

/** Maximum time of a check that waits for something that does not come. */
const CHECK_MAX_MS = 40_000;

const groups = { alone: [], together: [], acrossRestart: [] };

/** Adds a check that counts revisions or compacts, and therefore runs without others. */
export const alone = (name, run) => groups.alone.push([name, run]);

/** Adds a check that runs at the same time as others. */
export const together = (name, run) => groups.together.push([name, run]);

/** Adds a check that calls `restart` once. */
export const acrossRestart = (name, run) => groups.acrossRestart.push([name, run]);

const report = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

/** Waits. */
export const pause = (ms) => new Promise((wake) => setTimeout(wake, ms));

/** Repeats a condition until it holds. @throws {Error} if it never does. */
export async function until(what, holds) {
  const end = Date.now() + CHECK_MAX_MS / 2;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited in vain until ${what}`);
    await pause(20);
  }
}

/** Creates a client. */
export function connected(options = {}) {
  return new etcd3.Etcd3({
    hosts: endpoint,
    ...(username ? { auth: credentials } : {}),
    ...(ca ? { credentials: { rootCertificate: readFileSync(ca) } } : {}),
    ...options,
  });
}

/** Collects the events of a watcher, as `put a=1` and `delete a`, with the previous value after a comma. */
export function recorded(watcher) {
  const seen = [];
  const shown = (previous) => (previous ? `,was ${previous.value}` : '');
  const nameOf = ({ key }) => String(key).split('/').at(-1);
  watcher.on('put', (kv, previous) => seen.push(`put ${nameOf(kv)}=${kv.value}${shown(previous)}`));
  watcher.on('delete', (kv, previous) => seen.push(`delete ${nameOf(kv)}${shown(previous)}`));
  return seen;
}

async function perform([name, run], restart = async () => {}) {
  const etcd = connected();
  const prefix = `npm/${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}/`;
  const began = Date.now();
  const result = { check: name };
  const late = new Promise((_, reject) => setTimeout(reject, CHECK_MAX_MS, new Error('took too long')).unref());
  try {
    await Promise.race([run({ etcd, prefix, restart }), late]);
  } catch (error) {
    result.failed = String(error?.stack ?? error);
  }
  report({ ...result, ms: Date.now() - began });
  etcd.close();
}

/** Runs all checks: one after another, then together, then across a restart. */
export async function performAll() {
  const chosen = (group) => group.filter(([name]) => new RegExp(ETCD_CHECKS ?? '').test(name));
  for (const check of chosen(groups.alone)) await perform(check);
  await Promise.all(chosen(groups.together).map((check) => perform(check)));
  const last = chosen(groups.acrossRestart);
  if (last.length > 0) {
    let ready = 0;
    let proceed;
    const restarted = new Promise((resolve) => {
      proceed = resolve;
    });
    const restart = async () => {
      ready += 1;
      if (ready === last.length) {
        report({ need: 'restart' });
        await once(createInterface(process.stdin), 'line');
        proceed();
      }
      await restarted;
    };
    await Promise.all(last.map((check) => perform(check, restart)));
  }
}
