import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Registration } from '../../src/model/instance';
import { BODY_MAX_BYTES } from '../../src/model/limits';
import { type RunningRegistry, startRegistry } from '../programs/registry';
import { exchange as rawExchange, statusOf } from './raw-exchange';

/**
 * Writes requests that no client's URL parser or HTTP library permits to the socket of a real workerd. workerd refuses some
 * of them itself; the others get an answer from the table of errors.
 */

const SERVICE = '/api/v1/ns/public/groups/g/services/s';
let folder: string;
let registry: RunningRegistry;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'rollcall-raw-'));
  registry = await startRegistry({ data: folder });
});
afterAll(async () => {
  await registry.stop();
  rmSync(folder, { recursive: true, force: true });
});

const exchange = (...pieces: (string | Uint8Array)[]) => rawExchange(registry.url, ...pieces);

const head = (method: string, target: string, ...headers: string[]): string =>
  [
    `${method} ${target} HTTP/1.1`,
    'Host: x',
    `Authorization: Bearer ${registry.rootToken}`,
    'Connection: close',
    ...headers,
    '',
    '',
  ].join('\r\n');

describe('request targets', () => {
  it.each([
    `${SERVICE}/instances/..`,
    `${SERVICE}/instances/../../../../../../health`,
    `${SERVICE}/instances/%2e%2e`,
    `${SERVICE}/instances/%2E%2E%2F%2E%2E`,
    `${SERVICE}/instances/a%00`,
    `${SERVICE}/instances/%`,
    `${SERVICE}/instances/%C0%AE`,
    `${SERVICE}/instances/a\\b`,
    `${SERVICE}//instances`,
    '//evil.example/docs',
    '/\\evil.example',
    '/?',
    '/#',
    `/${'a/'.repeat(3_000)}`,
    `${SERVICE}/resolve?${'a=1&'.repeat(1_500)}`,
    `${SERVICE}/instances/\x01\x7f`,
    `${SERVICE}/instances/\xff\xfe`,
  ])('[I10, H7] %s gets a documented response', async (target) => {
    const status = statusOf(await exchange(Buffer.from(head('GET', target), 'latin1')));
    expect(status).toBeGreaterThanOrEqual(200);
    expect(status).toBeLessThan(500);
  });

  it.each([
    ['http://evil.example/health', 200],
    ['*', 400],
    ['health', 400],
  ])('[I10] %s gets %i and does no harm', async (target, expected) => {
    expect(statusOf(await exchange(head('GET', target)))).toBe(expected);
    expect(statusOf(await exchange(head('GET', '/health')))).toBe(200);
  });

  it('[H7] a name may hold an encoded slash and is found by it', async () => {
    const body = '{"address":"10.0.0.7","port":80}';
    const headers = ['Content-Type: application/json', `Content-Length: ${body.length}`];
    expect(statusOf(await exchange(head('PUT', `${SERVICE}/instances/a%2Fb`, ...headers) + body))).toBe(201);
    expect(await exchange(head('GET', `${SERVICE}/instances/a%2Fb`))).toContain('"id":"a/b"');
  });
});

describe('request bodies', () => {
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  const chunked = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];

  it('[H5] may be chunked', async () => {
    const body = chunk('{"address":"10.0') + chunk('.0.7","port":80}') + chunk('');
    expect(statusOf(await exchange(head('PUT', `${SERVICE}/instances/c`, ...chunked), body))).toBe(201);
  });

  it('[H5] are refused as soon as they are too long, even without an announced length', async () => {
    const pieces = Array.from({ length: BODY_MAX_BYTES / 4_096 }, () => chunk(' '.repeat(4_096)));
    // One byte more, and nothing after that: unread data could reset the connection before the answer is read.
    const answer = await exchange(head('PUT', `${SERVICE}/instances/d`, ...chunked), ...pieces, chunk(' '));
    expect([statusOf(answer), answer.includes('PAYLOAD_TOO_LARGE')]).toEqual([413, true]);
  });

  it('[H5] are refused by their announced length before they arrive', async () => {
    const headers = ['Content-Type: application/json', 'Content-Length: 999999999'];
    expect(statusOf(await exchange(head('PUT', `${SERVICE}/instances/e`, ...headers)))).toBe(413);
  });

  it('[A2] of unauthenticated clients are not waited for', async () => {
    const request = head('PUT', `${SERVICE}/instances/f`, 'Content-Type: application/json', 'Content-Length: 100');
    expect(statusOf(await exchange(request.replace('Bearer ', 'Bearer x')))).toBe(401);
  });

  it('[I10] that end too early change nothing', async () => {
    const cut = head('PUT', `${SERVICE}/instances/g`, 'Content-Type: application/json', 'Content-Length: 100');
    await exchange(`${cut}{"address":"10.0.0.7","port":80}`).catch(() => 'closed');
    expect(statusOf(await exchange(head('GET', `${SERVICE}/instances/g`)))).toBe(404);
  });
});

it('[A2] two tokens in two headers are refused', async () => {
  const answer = await exchange(head('GET', `${SERVICE}/resolve`, 'Authorization: Bearer other'));
  expect(statusOf(answer)).toBe(401);
});

it.each([
  [false, []],
  [true, ['the registration came from 192.0.2.7, but names 10.0.0.7']],
])('[A8] no header of a client sets its address, only that of a trusted proxy (%s)', async (trustedProxy, messages) => {
  const other = await startRegistry({ data: join(folder, `proxy-${trustedProxy}`), trustedProxy });
  try {
    const response = await fetch(`${other.url}${SERVICE}/instances/h`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${other.rootToken}`,
        'content-type': 'application/json',
        'cf-connecting-ip': '203.0.113.1',
        'x-forwarded-for': '198.51.100.1, 192.0.2.7',
      },
      body: '{"address":"10.0.0.7","port":80}',
    });
    const { warnings } = Registration.parse(await response.json());
    expect(warnings.map(({ message }) => message)).toEqual(messages);
  } finally {
    await other.stop();
  }
});
