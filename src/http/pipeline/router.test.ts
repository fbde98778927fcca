import { expect, it } from 'vitest';
import { ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { Authenticator } from '../../auth/authenticator';
import { FailedLogins } from '../../auth/failed-logins';
import { Admission } from './admission';
import type { Dialect } from './dialect';
import { Router } from './router';

const OVERLAPPING = ['/toy/:name', '/toy/all'] as const;

/** A dialect whose paths overlap, as Eureka's do. */
const toy: Dialect = {
  name: 'toy',
  paths: ['/toy'],
  carriers: ['bearer'],
  refuse: ({ code }) => new Response(code, { status: 418 }),
  addRoutes: (door) =>
    door.directoryRoute({
      operation: 'read',
      method: 'get',
      paths: OVERLAPPING,
      summary: 'Says its name',
      read: (_request, { name }) => name ?? 'no name',
      call: async (_directory, _caller, name) => name,
      answer: (name) => new Response(name),
    }),
};

const ask = (test: TestApp, path: string) =>
  test.send('GET', path, { headers: { authorization: `Bearer ${ROOT_TOKEN}` } });

it('the native API takes no two paths that overlap: they would slow down all of it', () => {
  const { directory } = new TestApp();
  const now = () => 0;
  const authenticator = new Authenticator({
    rootToken: ROOT_TOKEN,
    directory,
    askDirectory: (question) => question(),
    now,
  });
  const router = new Router(
    new Admission({ authenticator, failedLogins: new FailedLogins(now), trustedProxy: false, now }),
  );
  router.on('get', '/toy/:name', () => new Response(''));
  expect(() => router.on('get', '/toy/all', () => new Response(''))).toThrow();
});

it('[X1] a dialect may have such paths, and the first that was added counts', async () => {
  const test = new TestApp({ dialects: [toy] });
  expect(await (await ask(test, '/toy/a')).text()).toBe('a');
  expect(await (await ask(test, '/toy/all')).text()).toBe('all');
  expect((await ask(test, '/toy/a/b')).status).toBe(418);
  expect((await ask(test, '/api/v1/toy')).status).toBe(404);
});
