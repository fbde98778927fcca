import { describe, expect, it } from 'vitest';
import { ConsulStage } from '../../../test/fixtures/consul-stage';
import type { RouteCall } from '../../http/pipeline/route-call';
import type { ReadAnswer, ReadOptions } from '../../model/namespace-api';
import { KeptAnswers } from './kept-answers';

/** Answers of a namespace whose content has a revision, and the texts that were made of them. */
function begin(maxBytes?: number, maxCount?: number) {
  const answers = new KeptAnswers(maxBytes, maxCount);
  const made: string[] = [];
  const content = { revision: 1, cursor: 'cE.1.x' };
  const ask = async ({ ifNoneMatch }: ReadOptions): Promise<ReadAnswer<unknown>> => ({
    cursor: content.cursor,
    body: ifNoneMatch === `cE.${content.revision}.x` ? null : `"${content.revision}"`,
  });
  // `as`: a read without an index uses nothing else.
  const call = { namespace: 'public', tokenId: 't' } as RouteCall;
  const read = (key: string, keeps = true) =>
    answers.read(
      call,
      { index: 0n, waitMs: 0 },
      {
        ...{ key, about: {}, ask },
        make: (body) => {
          made.push(`${key} ${body}`);
          return { text: `${key} ${body}`, keeps, isAbsent: false };
        },
      },
    );
  const change = () => {
    content.revision += 1;
    content.cursor = `cE.${content.revision}.x`;
  };
  return { read, made, change };
}

describe('answers that are kept', () => {
  it('[CH6] are made again only after a change', async () => {
    const { read, made, change } = begin();
    expect([await read('a'), await read('a')]).toMatchObject(Array(2).fill({ text: 'a "1"', index: 3 }));
    change();
    expect([await read('a'), await read('a')]).toMatchObject(Array(2).fill({ text: 'a "2"', index: 4 }));
    expect(made).toEqual(['a "1"', 'a "2"']);
  });

  it('[CH6] are bounded in number and in memory, and the least recently read is evicted first', async () => {
    for (const [maxBytes, maxCount] of [
      [10_000, 2],
      [700, 10],
    ]) {
      const { read, made } = begin(maxBytes, maxCount);
      for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await read(key);
      expect(made).toEqual(['a "1"', 'b "1"', 'c "1"', 'b "1"']);
    }
  });

  it('[CH6] do not include what was made of several pages', async () => {
    const { read, made } = begin();
    for (let times = 0; times < 2; times++) await read('a', false);
    expect(made).toHaveLength(2);
  });
});

it('[CH6] a repeated read of a service is one call to the namespace, which returns no body', async () => {
  const stage = new ConsulStage();
  await stage.registerForeign('web', 'a');
  const { registry } = stage.namespace;
  const { listInstances } = registry;
  const bodies: boolean[] = [];
  registry.listInstances = async (command) => {
    const answer = await listInstances.call(registry, command);
    bodies.push(answer.body !== null);
    return answer;
  };
  const texts = new Set<string>();
  for (let times = 0; times < 3; times++) texts.add((await stage.send('GET', '/v1/health/service/web?passing')).text);
  expect([bodies, texts.size]).toEqual([[true, false, false], 1]);
  await stage.registerForeign('other', 'a');
  const { text, headers } = await stage.send('GET', '/v1/health/service/web?passing');
  expect([bodies.at(-1), texts.has(text), headers.get('x-consul-index')]).toEqual([false, true, '4']);
});

it('[CH4, CH6] queries that wait for one change make its text once', async () => {
  const stage = new ConsulStage();
  await stage.registerForeign('web', 'a');
  const waiting = Array.from({ length: 100 }, () => stage.send('GET', '/v1/health/service/web?index=3&wait=60s'));
  await expect.poll(() => stage.sockets.size).toBe(100);
  await stage.registerForeign('web', 'b');
  const answers = await Promise.all(waiting);
  expect(new Set(answers.map(({ text, headers }) => `${headers.get('x-consul-index')} ${text.length}`)).size).toBe(1);
});
