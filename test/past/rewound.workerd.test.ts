import { expect, it } from 'vitest';
import { serviceAt } from '../fixtures/home';
import { workerHome } from '../fixtures/worker-home';
import { imageOfStorage, putBackStorage } from '../fixtures/worker-storage';

const { ask, openStream } = workerHome();
const ORDERS = serviceAt('orders');

async function register(id: string, port: number): Promise<string> {
  const { status, headers } = await ask('PUT', `${ORDERS}/instances/${id}`, { address: '10.0.0.7', port });
  expect(status).toBe(201);
  return headers.get('rollcall-cursor') ?? '';
}

const idsOf = (services: { instances: { id: string }[] }[] = []) =>
  services.flatMap(({ instances }) => instances.map(({ id }) => id));

/** Returns the first frame of a watch that resumes at a cursor, and the second if the first was a reset. */
async function resumed(cursor: string) {
  const stream = await openStream(`?cursor=${encodeURIComponent(cursor)}`);
  const [first] = await stream.take(1);
  const second = first?.event === 'reset' ? (await stream.take(1))[0] : undefined;
  await stream.leave();
  return { events: [first?.event, second?.event], ids: idsOf(second?.data.services), first };
}

it('[U10, Q3] a rewound storage, in which the same revisions were used again, resumes no client', async () => {
  const kept = await register('kept', 1);
  const image = await imageOfStorage();
  const [second, third] = [await register('gone-1', 2), await register('gone-2', 3)];
  await putBackStorage(image, undefined);

  // Nothing has happened since: these cursors are ahead of the head.
  for (const cursor of [second, third]) {
    expect(await resumed(cursor)).toMatchObject({ events: ['reset', 'snapshot'], ids: ['kept'] });
  }
  // Other changes took the same revisions: only their random bits differ.
  const other = await register('other-1', 2);
  await register('other-2', 3);
  expect(other.split('.')[1]).toBe(second.split('.')[1]);
  expect(other.split('.')[0]).toBe(second.split('.')[0]);
  for (const cursor of [second, third]) {
    expect(await resumed(cursor)).toMatchObject({ events: ['reset', 'snapshot'], ids: ['kept', 'other-1', 'other-2'] });
    const then = await ask<{ code: string }>('GET', `${ORDERS}/instances?at=${encodeURIComponent(cursor)}`);
    expect([then.status, then.body.code]).toEqual([410, 'COMPACTED']);
    const unchanged = await ask('GET', `${ORDERS}/instances`, undefined, { 'if-none-match': `"${cursor}"` });
    expect(unchanged.status).toBe(200);
    const guarded = await ask('DELETE', `${ORDERS}/instances/other-1`, undefined, { 'if-match': `"${cursor}"` });
    expect(guarded.status).toBe(412);
  }
  // A client with a cursor that still exists resumes.
  const { first } = await resumed(kept);
  expect(first?.event).toBe('changes');
});

it('[U5, U10] a rewound storage that is marked starts a new epoch with far higher revisions, even for clients that are up to date', async () => {
  const kept = await register('kept', 1);
  const image = await imageOfStorage();
  await putBackStorage(image, 'restored');
  expect(await resumed(kept)).toMatchObject({ events: ['reset', 'snapshot'], ids: ['kept'] });
  const next = await register('next', 2);
  expect(next.split('.')[0]).not.toBe(kept.split('.')[0]);
  expect(Number.parseInt(next.split('.')[1] ?? '', 36)).toBeGreaterThan(1_000_000_000);
  expect((await ask('GET', `${ORDERS}/instances?at=${encodeURIComponent(next)}`)).status).toBe(200);
});
