import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { type KeyEvent, type KeyWatch, watchKeys } from '../../src/client/watch/key-watch';
import type { WatchTransport } from '../../src/client/watch/watch';
import { ClientCore } from '../../src/client/wire/client-core';
import { REAL_TIME } from '../../src/client/wire/time';
import { SeededRandom } from '../simulation/seeded-random';
import { until } from '../watch-proofs/until';
import { ClientStage } from './client-stage';

/** The client's watches of entries over real connections that fail. */

/** Sends a request about an entry. Returns the status; 0 if there was no answer. */
async function change(
  { registry }: ClientStage,
  method: 'PUT' | 'DELETE',
  key: string,
  body?: string,
): Promise<number> {
  const headers = { authorization: `Bearer ${registry.rootToken}` };
  const url = `${registry.url}/api/v1/ns/public/kv/${key}`;
  return fetch(url, { method, headers, ...(body !== undefined && { body }) }).then(
    async (answer) => {
      await answer.arrayBuffer();
      return answer.status;
    },
    () => 0,
  );
}

/** Changes a few keys until it is stopped, across restarts of the registry. */
function writer(stage: ClientStage) {
  const random = new SeededRandom(7);
  let isOver = false;
  let count = 0;
  const ended = (async () => {
    while (!isOver) {
      const key = `${random.fraction() < 0.8 ? 'config' : 'other'}/${Math.floor(random.fraction() * 8)}`;
      const isPut = random.fraction() < 0.7;
      if ((await change(stage, isPut ? 'PUT' : 'DELETE', key, isPut ? `value ${count}` : undefined)) >= 200) count += 1;
      await sleep(10);
    }
  })();
  const stop = () => {
    isOver = true;
    return ended;
  };
  return { stop, count: () => count };
}

/** A copy of the watched entries. Each change has to follow from the copy as it was: a gap or a repeat shows there. */
class KeyReplica {
  readonly entries = new Map<string, { text: string; revision: number }>();
  readonly types: string[] = [];
  readonly problems: string[] = [];

  apply(event: KeyEvent): void {
    this.types.push(event.type);
    if (event.type === 'snapshot') {
      this.entries.clear();
      for (const entry of event.entries) this.entries.set(entry.key, { text: entry.text(), revision: entry.revision });
    }
    if (event.type !== 'changes') return;
    for (const each of event.changes) {
      const known = this.entries.get(each.key)?.revision;
      const before = each.previous?.revision;
      if (known !== before)
        this.problems.push(`${each.type} ${each.key}: had ${known}, but the entry before is ${before}`);
      if (each.type === 'delete') this.entries.delete(each.key);
      else this.entries.set(each.key, { text: each.entry.text(), revision: each.entry.revision });
    }
  }

  async read(watch: KeyWatch): Promise<void> {
    for await (const event of watch) this.apply(event);
  }

  get content(): string[] {
    return [...this.entries].map(([key, { text, revision }]) => `${key}=${text}@${revision}`).sort();
  }
}

/** Returns the entries that the registry has. */
async function stored({ registry }: ClientStage): Promise<string[]> {
  const answer = await fetch(`${registry.url}/api/v1/ns/public/kv?prefix=config/`, {
    headers: { authorization: `Bearer ${registry.rootToken}` },
  });
  // `as`: a response of the list of entries
  const { entries } = (await answer.json()) as { entries: { key: string; value: string; revision: number }[] };
  return entries.map(({ key, value, revision }) => `${key}=${value}@${revision}`);
}

const coreOf = ({ proxy, registry }: ClientStage): ClientCore =>
  new ClientCore({ url: proxy.url, token: registry.rootToken }, REAL_TIME);

describe.each<WatchTransport>(['socket', 'stream', 'poll'])('a watch of entries by %s', (transport) => {
  it('[W31, W3, W4, W5] has every change once, in order, over cuts, resets, refusals and the death of the registry', async () => {
    const stage = await ClientStage.start();
    await change(stage, 'PUT', 'config/0', 'first');
    const replica = new KeyReplica();
    const statuses: string[] = [];
    const onStatus = ({ state }: { state: string }) => statuses.push(state);
    const watch = watchKeys(coreOf(stage), { prefix: 'config/' }, { transport, previous: true, onStatus });
    const read = replica.read(watch);
    await until('it is connected', () => watch.status.state === 'connected');

    const writing = writer(stage);
    for (const { break_, isOver } of [
      { break_: () => stage.proxy.cut(), isOver: true },
      { break_: () => stage.proxy.reset(), isOver: true },
      { break_: () => stage.registry.kill('SIGKILL'), isOver: false },
      { break_: () => stage.proxy.refuse(), isOver: false },
    ]) {
      await sleep(300);
      const before = statuses.length;
      const broken = break_();
      await until('it is disconnected', () => {
        const notices = statuses[before] === 'disconnected';
        // A momentary fault between two polls goes unnoticed.
        if (!notices && isOver) break_();
        return notices;
      });
      stage.proxy.heal();
      await broken;
      await until('it is connected again', () => watch.status.state === 'connected');
    }
    await writing.stop();
    const expected = await stored(stage);
    await until('it has everything', () => JSON.stringify(replica.content) === JSON.stringify(expected));
    watch.close();
    await read;
    expect(writing.count()).toBeGreaterThan(20);
    expect([replica.problems, replica.types.includes('reset')]).toEqual([[], false]);
    // Polls return only lists.
    if (transport !== 'poll') expect(replica.types.filter((type) => type === 'snapshot')).toHaveLength(1);
  });

  it('[W31, W6] starts over at a cursor of another history', async () => {
    const stage = await ClientStage.start();
    await change(stage, 'PUT', 'config/0', 'first');
    const replica = new KeyReplica();
    const watch = watchKeys(coreOf(stage), { prefix: 'config/' }, { transport, cursor: 'cAnotherPast.1.0' });
    const read = replica.read(watch);
    await until('it has the entry', () => replica.content.length === 1);
    expect(replica.types).toEqual(transport === 'poll' ? ['snapshot'] : ['reset', 'snapshot']);
    watch.close();
    await read;
  });
});
