import { describe, expect, it } from 'vitest';
import { problemOf, TestApp } from '../../../test/fixtures/test-app';
import type { Grant } from '../../model/grant';

const KEYS: Grant = { scope: 'read', ns: 'public', services: [], keys: ['config/*'] };
const SERVICES: Grant = { scope: 'read', ns: 'public', services: ['g@@*'] };
const BOTH: Grant = { ...KEYS, services: ['g@@*'] };
const WHOLE: Grant = { scope: 'read', ns: 'public' };

describe('the history of entries', () => {
  it.each([
    // Keys, services, both, whole
    ['', '- - - +'],
    ['?prefix=config/', '+ - + +'],
    ['?key=config/a', '+ - + +'],
    ['?key=Y29uZmlnL2E%3D&base64=true', '+ - + +'],
    ['?prefix=config', '- - - +'],
    ['?prefix=', '- - - +'],
    ['?key=other', '- - - +'],
    ['?group=g', '- + + +'],
    ['?group=g&service=config', '- + + +'],
  ])('[A5] %s is read by tokens with grants on keys, services, both, and everything: %s', async (query, expected) => {
    const test = new TestApp();
    const got: string[] = [];
    for (const grant of [KEYS, SERVICES, BOTH, WHOLE]) {
      const { token } = test.directory.give([grant]);
      const before = test.namespace.calls.length;
      const response = await test.ask('GET', `/api/v1/ns/public/history${query}`, undefined, {
        authorization: `Bearer ${token}`,
      });
      const isRefused = response.status === 403 && test.namespace.calls.length === before;
      got.push(isRefused ? '-' : test.namespace.calls.length > before ? '+' : String(response.status));
    }
    expect(got.join(' ')).toBe(expected);
  });

  it('[H3] passes the keys to the namespace as an interval', async () => {
    const test = new TestApp();
    await test.ask('GET', '/api/v1/ns/public/history?prefix=caf%C3%A9/');
    const interval = { from: 'caf\u00c3\u00a9/', to: 'caf\u00c3\u00a90' };
    expect(JSON.stringify(test.namespace.calls.at(-1))).toContain(JSON.stringify({ keys: interval }).slice(1, -1));
  });

  it.each([
    ['?key=a&prefix=b', 'give one of key, prefix'],
    ['?key=a&service=orders', 'leave it out with key or prefix'],
    ['?prefix=a&group=g', 'leave it out with key or prefix'],
    ['?base64=true', 'needs key or prefix'],
    ['?key=a&base64=true', 'must be base64'],
  ])('[H3, I10] refuses %s', async (query, message) => {
    const response = await new TestApp().ask('GET', `/api/v1/ns/public/history${query}`);
    expect(response.status).toBe(400);
    expect(JSON.stringify(await problemOf(response))).toContain(message);
  });
});
