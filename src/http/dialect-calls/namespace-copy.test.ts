import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { turn } from '../../../test/fixtures/turns';
import { RegistryError } from '../../model/errors';
import { InstanceDefinition } from '../../model/instance';
import { jsonText, readJsonText } from '../../model/json';
import { COPIES_MAX_COUNT, COPY_FOLLOW_MAX_MS, COPY_INSTANCES_MAX_COUNT } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { type CopyChanges, type CopyContents, NamespaceCopies, type NamespaceCopy } from './namespace-copy';

/** A copy that knows only ids. */
class Ids implements NamespaceCopy {
  readonly all: Set<string>;
  cursor: string;
  readonly textSize = 0;

  constructor({ instances, at }: CopyContents) {
    this.all = new Set(instances.map(({ id }) => id));
    this.cursor = at.cursor;
  }

  get size(): number {
    return this.all.size;
  }

  apply({ cursor, instances }: CopyChanges): void {
    for (const { instance } of instances) this.all.add(instance.id);
    this.cursor = cursor;
  }
}

const copies = () => new NamespaceCopies({ api: 'Test', create: (contents) => new Ids(contents), pastMs: 1_000 });

/** A namespace that counts its calls. */
function counted(namespace = new NodeNamespace()) {
  const asked: string[] = [];
  let forgetting = 0;
  const calls: NamespaceApi = Object.create(namespace.api, {
    snapshot: {
      value: (...[command]: Parameters<NamespaceApi['snapshot']>) => {
        asked.push('snapshot');
        return namespace.api.snapshot(command);
      },
    },
    changedSince: {
      value: async (...[command]: Parameters<NamespaceApi['changedSince']>) => {
        asked.push('changes');
        if (forgetting > 0 && command.since.startsWith('c')) {
          forgetting -= 1;
          throw new RegistryError('COMPACTED', 'the history is compacted');
        }
        return namespace.api.changedSince(command);
      },
    },
  });
  const register = (id: string) =>
    namespace.api.register(
      { tokenId: 't' },
      {
        key: { group: 'DEFAULT_GROUP', service: 'orders', id },
        definition: InstanceDefinition.parse({ address: '10.0.0.1', port: 1 }),
        precondition: {},
      },
    );
  const forget = (times = 1) => {
    forgetting = times;
  };
  return { calls, asked, register, forget, now: () => namespace.platform.clock.now() };
}

const ids = ({ all }: Ids) => [...all];

/** Time after which a condition has failed. */
const LONG = { timeout: 60_000, interval: 1 };

/** A namespace whose reads of changes wait until they are let go on. */
async function slow() {
  const stage = counted();
  const request = { id: 'public', calls: stage.calls, tokenId: 't', now: stage.now() };
  const kept = copies();
  await kept.of(request);
  const waiting: (() => void)[] = [];
  const calls: NamespaceApi = Object.create(stage.calls, {
    changedSince: {
      value: async (...[command]: Parameters<NamespaceApi['changedSince']>) => {
        // Answered as of its begin, as a reply in transit is.
        const answer = stage.calls.changedSince(command);
        await new Promise<void>((resolve) => waiting.push(resolve));
        return answer;
      },
    },
  });
  const of = (tokenId = 't') => kept.of({ ...request, calls, tokenId });
  const answerOne = async () => {
    while (waiting.length === 0) await turn();
    waiting.shift()?.();
  };
  return { ...stage, of, waiting, answerOne };
}

describe('the copies of an isolate', () => {
  it('share a read of changes between requests that wait for one, and never one that began before a request', async () => {
    const { register, of, waiting, answerOne, asked } = await slow();
    const first = of();
    await vi.waitUntil(() => waiting.length === 1, LONG);
    await register('a');
    asked.length = 0;
    const others = [of(), of(), of()];
    await answerOne();
    await first;
    await vi.waitUntil(() => waiting.length === 1, LONG);
    await register('b');
    const late = of();
    await answerOne();
    expect((await Promise.all(others)).map((copy) => copy.all.has('a'))).toEqual([true, true, true]);
    await answerOne();
    expect((await late).all.has('b')).toBe(true);
    expect(asked).toEqual(['changes', 'changes']);
  });

  it('do not wait again for requests that the platform has cancelled', async () => {
    const { of, waiting, answerOne } = await slow();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    // The read of the first is never answered, and the second, which waits for it, never goes on.
    void of();
    void of();
    await turn();
    waiting.length = 0;
    vi.clearAllTimers();
    const third = of();
    await vi.advanceTimersByTimeAsync(COPY_FOLLOW_MAX_MS);
    await turn();
    await answerOne();
    await third;
    const fourth = of();
    await turn();
    await answerOne();
    await fourth;
  });

  it('do not share a read of changes between tokens, as it counts towards the rate of one', async () => {
    const { of, waiting, answerOne } = await slow();
    const both = [of('t'), of('u')];
    await vi.waitUntil(() => waiting.length === 2, LONG);
    await answerOne();
    await answerOne();
    await Promise.all(both);
  });

  it('[F4] are read once, and then updated by changes', async () => {
    const { calls, asked, register, now } = counted();
    const kept = copies();
    const read = () => kept.of({ id: 'public', calls, tokenId: 't', now: now() });
    await register('a');
    expect(ids(await read())).toEqual(['a']);
    asked.length = 0;
    await register('b');
    expect(ids(await read())).toEqual(['a', 'b']);
    expect(ids(await read())).toEqual(['a', 'b']);
    expect(asked).toEqual(['changes', 'changes']);
  });

  it('[F4] are read again if the history to continue from is compacted', async () => {
    const { calls, asked, register, forget, now } = counted();
    const kept = copies();
    const read = () => kept.of({ id: 'public', calls, tokenId: 't', now: now() });
    await register('a');
    await read();
    await register('b');
    forget();
    expect(ids(await read())).toEqual(['a', 'b']);
    expect(asked.filter((method) => method === 'snapshot')).toHaveLength(2);
  });

  it('[F4] are read once more if it is compacted again before the copy is complete', async () => {
    const { calls, register, forget, now } = counted();
    const kept = copies();
    const read = () => kept.of({ id: 'public', calls, tokenId: 't', now: now() });
    await register('a');
    await read();
    await register('b');
    forget(2);
    expect(ids(await read())).toEqual(['a', 'b']);
    await register('c');
    expect(ids(await read())).toEqual(['a', 'b', 'c']);
  });

  it('[F4] are built once for concurrent requests', async () => {
    const { calls, asked, register, now } = counted();
    await register('a');
    const kept = copies();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => kept.of({ id: 'public', calls, tokenId: 't', now: now() })),
    );
    expect(asked.filter((method) => method === 'snapshot')).toHaveLength(1);
    expect(new Set(all).size).toBe(1);
  });

  it('[F4] are cached for a limited number of namespaces, those used last', async () => {
    const { calls, asked, register, now } = counted();
    await register('a');
    const kept = copies();
    const read = (id: string) => kept.of({ id, calls, tokenId: 't', now: now() });
    for (let n = 0; n < COPIES_MAX_COUNT; n++) await read(`n${n}`);
    await read('n0');
    await read('one more');
    asked.length = 0;
    await read('n0');
    expect(asked).toEqual(['changes']);
    await read('n1');
    expect(asked).toContain('snapshot');
  });

  it('[F4] pass a failure on, and are requested again', async () => {
    const { calls, register, now } = counted();
    await register('a');
    const kept = copies();
    const broken = Object.create(calls, {
      snapshot: { value: () => Promise.reject(new RegistryError('UNAVAILABLE', 'not now')) },
    });
    const read = (from: NamespaceApi) => kept.of({ id: 'public', calls: from, tokenId: 't', now: now() });
    await expect(read(broken)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(ids(await read(calls))).toEqual(['a']);
  });

  it('[F4] are not built for a namespace that exceeds the memory of an isolate', async () => {
    const { calls, register, now } = counted();
    const kept = copies();
    const { body, cursor } = await (async () => {
      await register('a');
      return calls.snapshot({});
    })();
    const [service] = readJsonText(body ?? '{"services":[]}').services;
    const [instance] = service?.instances ?? [];
    if (service === undefined || instance === undefined) throw new Error('the registered instance is missing');
    const many = Array.from({ length: COPY_INSTANCES_MAX_COUNT + 1 }, () => instance);
    const large: NamespaceApi = Object.create(calls, {
      snapshot: { value: async () => ({ cursor, body: jsonText({ services: [{ ...service, instances: many }] }) }) },
    });
    const read = kept.of({ id: 'large', calls: large, tokenId: 't', now: now() });
    await expect(read).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      message: expect.stringMatching(/namespace "large" has more than/),
    });
  });
});
