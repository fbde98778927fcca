import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENTRY_KEY_MAX_BYTES } from '../../src/model/limits';
import { HOSTS, startOn } from '../programs/host';
import type { RunningRegistry } from '../programs/registry';
import { temporaryFolderOfFile } from '../programs/temporary-folder';
import { exchange, statusOf } from './raw-exchange';

/**
 * Writes paths with keys to the socket of each host, as no URL parser of a client has changed them: what a host itself
 * changes decides which keys can be in a path.
 */

const KV = '/api/v1/ns/public/kv';

/** A path after `/kv/`, and the key that it creates. */
const CREATED: [path: string, key: string][] = [
  ['a/b', 'a/b'],
  ['a%2Fb', 'a/b'],
  ['a%2fb', 'a/b'],
  ['/a', '/a'],
  ['a//b/', 'a//b/'],
  ['a%5Cb', 'a\\b'],
  ['a%23b%3Fc%25', 'a#b?c%'],
  ['a+b', 'a+b'],
  ['a;b=c', 'a;b=c'],
  ['...', '...'],
  ['.a/b.', '.a/b.'],
  ['%C3%BC', 'ü'],
  ['%2F'.repeat(ENTRY_KEY_MAX_BYTES), '/'.repeat(ENTRY_KEY_MAX_BYTES)],
  ['Li4vYQ?base64=true', '../a'],
  ['AGE?base64=true', '\u0000a'],
  // Both hosts resolve dot segments, as RFC 3986 allows: only base64 preserves them.
  ['a/../b', 'b'],
  ['a/./b', 'a/b'],
];

/** Paths that create nothing. */
const REFUSED = [
  '',
  '..',
  '.',
  'a/../..',
  '%2e%2e',
  '%2E',
  'a%2F..%2Fb',
  'a%2F%2E%2E%2Fb',
  '..%2F..%2Fb',
  'a%2F.',
  'a%00',
  '%00',
  'a%ff',
  '%ED%A0%80',
  '%C0%AE%C0%AE',
  'a%',
  'a%zz',
  'a%2',
  'Li4?base64=maybe',
  'Li4.?base64=true',
  'Li4===?base64=true',
  'Li5?base64=true',
  'k'.repeat(ENTRY_KEY_MAX_BYTES + 1),
  '%2F'.repeat(ENTRY_KEY_MAX_BYTES + 1),
];

describe.each(HOSTS)('on %s', (host) => {
  const folder = temporaryFolderOfFile();
  let registry: RunningRegistry;
  beforeAll(async () => {
    registry = await startOn(host, { data: folder });
  });
  afterAll(() => registry.stop());

  const authorization = () => `Bearer ${registry.rootToken}`;

  /** Writes a request that puts an empty value; returns its status. */
  const put = async (target: string): Promise<number> => {
    const lines = [`PUT ${target} HTTP/1.1`, 'Host: x', `Authorization: ${authorization()}`, 'Content-Length: 0'];
    return statusOf(await exchange(registry.url, [...lines, 'Connection: close', '', ''].join('\r\n')));
  };
  const ask = (method: string, path: string) =>
    fetch(`${registry.url}${path}`, { method, headers: { authorization: authorization() } });
  const listed = async () => {
    // `as`: the member that this test reads.
    const { entries } = (await (await ask('GET', `${KV}?keysOnly`)).json()) as { entries: { key: string }[] };
    return entries.map(({ key }) => key);
  };

  it('[H14] a path creates the key that it names', async () => {
    for (const [path, key] of CREATED) {
      expect([await put(`${KV}/${path}`), await listed()], path).toEqual([201, [key]]);
      const removed = await ask('DELETE', `${KV}/${Buffer.from(key).toString('base64url')}?base64=true`);
      expect(removed.status).toBe(204);
    }
  });

  it('[H14, I10] a path that may be changed on the way, or is invalid, creates nothing', async () => {
    for (const path of REFUSED) {
      const status = await put(`${KV}/${path}`);
      expect([400, 404, 405], path).toContain(status);
    }
    expect(await listed()).toEqual([]);
  });

  it('[I10] a body that ends early creates nothing', async () => {
    const lines = [`PUT ${KV}/a HTTP/1.1`, 'Host: x', `Authorization: ${authorization()}`];
    // The client closes the connection after a while without an answer.
    const answers = await Promise.all([
      exchange(registry.url, [...lines, 'Content-Length: 100', '', 'a part'].join('\r\n')),
      exchange(registry.url, [...lines, 'Transfer-Encoding: chunked', '', '6', 'a part', ''].join('\r\n')),
    ]);
    for (const answer of answers) expect(answer).not.toMatch(/^HTTP\/1\.1 [25]/);
    expect(await listed()).toEqual([]);
  });
});
