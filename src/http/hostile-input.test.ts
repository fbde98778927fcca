import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { hostileRequests } from '../../test/fixtures/hostile-requests';
import { NodeDirectory } from '../../test/fixtures/node-directory';
import { ROOT_TOKEN, TestApp } from '../../test/fixtures/test-app';

const { routes } = new TestApp().app;

describe('hostile input', () => {
  const logged = vi.fn();
  beforeAll(() => void vi.spyOn(console, 'error').mockImplementation(logged));
  afterAll(() => void vi.restoreAllMocks());

  it('[I10] never gets a 5xx or a hang, whatever it is', async () => {
    const seen = new Set<number>();
    const { api: directory } = new NodeDirectory();
    await fc.assert(
      fc.asyncProperty(hostileRequests(routes), async ({ method, path, headers, body }) => {
        const test = new TestApp({ trustedProxy: true, directory });
        test.namespace.answer.body = '{"journal":{},"sinceWake":{}}';
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
});
