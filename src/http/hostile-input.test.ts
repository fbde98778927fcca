import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hostileRequests } from '../../test/fixtures/hostile-requests';
import { NodeDirectory } from '../../test/fixtures/node-directory';
import { NO_STATS, ROOT_TOKEN, TestApp } from '../../test/fixtures/test-app';

const { routes } = new TestApp().app;

describe('hostile input', () => {
  const logged = vi.fn();
  beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(logged));
  afterAll(() => void vi.restoreAllMocks());

  it('[I10] never causes a 5xx or a hang', async () => {
    const seen = new Set<number>();
    const { api: directory } = new NodeDirectory();
    const test = new TestApp({ trustedProxy: true, directory });
    test.namespace.answer.body = NO_STATS;
    await fc.assert(
      fc.asyncProperty(hostileRequests(routes), async ({ method, path, headers, body }) => {
        test.namespace.calls.length = 0;
        const init = { headers: { ...headers, authorization: `Bearer ${ROOT_TOKEN}` } };
        const response = await test.send(method, path, body === undefined ? init : { ...init, body });
        if (response.headers.get('content-type') === 'text/event-stream') await response.body?.cancel();
        else await response.text();
        seen.add(response.status);
        expect(response.status, `${method} ${path} ${body}`).toBeLessThan(500);
        expect(response.headers.get('rollcall-api')).toBe('1.0');
        if (response.status >= 400) expect(test.namespace.calls).toEqual([]);
      }),
      { numRuns: 2_000 },
    );
    expect(logged).not.toHaveBeenCalled();
    // The property would hold as well if nothing came through.
    expect([...seen]).toEqual(expect.arrayContaining([200, 204, 400, 404, 405, 415]));
  });

  it('[A2, A10, A12, A13] is never authenticated by a malformed credential, in any place', async () => {
    const test = new TestApp();
    const { token } = test.directory.give([{ scope: 'admin', ns: '*' }]);
    const { token: reader } = test.directory.give([{ scope: 'read', ns: '*' }]);
    const seen = new Set<number>();
    await fc.assert(
      fc.asyncProperty(nearlyCredentials([ROOT_TOKEN, token, reader]), carriers, async (text, carry) => {
        const { path, headers } = carry(text);
        const response = await test.send('GET', path, { headers });
        const body = await response.text();
        seen.add(response.status);
        // No address is known: what is malformed is counted together.
        expect([401, 429], `${path} ${JSON.stringify(headers)}`).toContain(response.status);
        if (text.length > 8) expect(body).not.toContain(text);
      }),
      { numRuns: 2_000 },
    );
    expect(test.namespace.calls).toEqual([]);
    expect([...seen].sort()).toEqual([401, 429]);
    expect(logged).not.toHaveBeenCalled();
  });
});

const STATS = '/api/v1/ns/public/stats';

/** Good tokens with one thing wrong, and texts that never were any. */
function nearlyCredentials(good: string[]): fc.Arbitrary<string> {
  const place = fc.nat({ max: 60 });
  const character = fc.constantFrom(...'aZ0_-.~%/\\;,= ');
  const edited = fc
    .tuple(fc.constantFrom(...good), place, character, fc.nat({ max: 4 }))
    .map(([token, at, other, edit]) => {
      const index = at % token.length;
      const edits = [
        token.slice(0, index),
        token.slice(0, index) + other + token.slice(index),
        token.slice(0, index) + token.slice(index + 1),
        token.slice(0, index) + other + token.slice(index + 1),
        token + token.slice(index),
      ];
      return edits[edit] ?? '';
    });
  const any = fc.oneof(
    { weight: 3, arbitrary: edited },
    fc.string({ maxLength: 80 }),
    fc.string({ minLength: 1_000, maxLength: 3_000 }),
  );
  // Blanks around a token are none of it, and change nothing.
  return any.filter((text) => !good.includes(text.trim()) && /^[\x20-\x7e]*$/.test(text));
}

/** Every way in which a request can carry a text. */
const carriers = fc.constantFrom(
  (text: string) => ({ path: STATS, headers: { authorization: `Bearer ${text}` } }),
  (text: string) => ({ path: STATS, headers: { authorization: text } }),
  (text: string) => ({ path: `/t/${encodeURIComponent(text)}${STATS}`, headers: {} }),
  (text: string) => ({ path: `/api/v1/ns/public/watch?ticket=${encodeURIComponent(text)}`, headers: {} }),
  (text: string) => ({
    path: '/api/v1/ns/public/socket',
    headers: { upgrade: 'websocket', 'sec-websocket-protocol': `rollcall.v1, token.${text}` },
  }),
  (text: string) => ({
    path: '/api/v1/ns/public/socket',
    headers: { upgrade: 'websocket', 'sec-websocket-protocol': `rollcall.v1, ticket.${text}` },
  }),
);
