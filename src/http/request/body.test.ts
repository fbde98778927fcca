import { describe, expect, it } from 'vitest';
import { RegistryError } from '../../model/errors';
import { readJsonBody, readUntypedJsonBody } from './body';

const LIMIT_BYTES = 64;
const JSON_HEADERS = { 'content-type': 'application/json' };

const post = (body: RequestInit['body'], headers: Record<string, string> = JSON_HEADERS): Request =>
  new Request('http://x/', { method: 'POST', body, headers, duplex: 'half' } as RequestInit); // `as`: Node asks for duplex, the type lacks it

const refusal = async (request: Request): Promise<RegistryError> => {
  try {
    return expect.unreachable(JSON.stringify(await readJsonBody(request, LIMIT_BYTES)));
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
};

/** A body that comes in pieces, without a length; says how many of them were taken. */
function pieces(count: number, bytes: number) {
  const taken = { count: 0, cancelled: false };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken.count === count) return controller.close();
        taken.count += 1;
        controller.enqueue(new Uint8Array(bytes).fill(0x20));
      },
      cancel() {
        taken.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, taken };
}

describe('readJsonBody', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
    'application/merge-patch+json',
  ])('accepts %s', async (type) =>
    expect(await readJsonBody(post('{"a":"ü"}', { 'content-type': type }), LIMIT_BYTES)).toEqual({ a: 'ü' }),
  );

  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonp',
    'application/json; charset=latin1',
    '',
  ])('[H5] refuses the type %j', async (type) => {
    const { code, message } = await refusal(post('{}', { 'content-type': type }));
    expect(code).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect(message).toContain('application/json');
  });

  it('[H5] refuses a compressed body, and one without a type', async () => {
    expect((await refusal(post('{}', { ...JSON_HEADERS, 'content-encoding': 'gzip' }))).code).toBe(
      'UNSUPPORTED_MEDIA_TYPE',
    );
    expect((await refusal(post(new Uint8Array([0x7b, 0x7d]), {}))).code).toBe('UNSUPPORTED_MEDIA_TYPE');
  });

  it('[R14] accepts a body at its limit, and refuses one a byte longer', async () => {
    const text = (bytes: number) => `"${'x'.repeat(bytes - 2)}"`;
    expect(await readJsonBody(post(text(LIMIT_BYTES)), LIMIT_BYTES)).toHaveLength(LIMIT_BYTES - 2);
    const { code, message } = await refusal(post(text(LIMIT_BYTES + 1)));
    expect([code, message]).toEqual([
      'PAYLOAD_TOO_LARGE',
      `the body has more than ${LIMIT_BYTES} bytes, the limit of this call; send less at a time`,
    ]);
  });

  it('[H5] trusts an announced length only if it is too long', async () => {
    expect((await refusal(post('{}', { ...JSON_HEADERS, 'content-length': '1000000' }))).code).toBe(
      'PAYLOAD_TOO_LARGE',
    );
    const lie = post(`"${'x'.repeat(100)}"`, { ...JSON_HEADERS, 'content-length': '2' });
    expect((await refusal(lie)).code).toBe('PAYLOAD_TOO_LARGE');
  });

  it('[H5] stops reading a body without a length once it is too long', async () => {
    const { stream, taken } = pieces(1_000_000, 10);
    expect((await refusal(post(stream))).code).toBe('PAYLOAD_TOO_LARGE');
    expect(taken).toEqual({ count: 7, cancelled: true });
  });

  it.each([undefined, '50'])(
    '[I10] reports a body that breaks off as an error of the client, of length %j',
    async (length) => {
      const stream = new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"a":'));
        },
        pull: (controller) => controller.error(new Error('Network connection lost.')),
      });
      const headers = length === undefined ? JSON_HEADERS : { ...JSON_HEADERS, 'content-length': length };
      const { code, message } = await refusal(post(stream, headers));
      expect([code, message]).toEqual(['INVALID_REQUEST', 'the body ended early; send it again']);
    },
  );

  it('joins the chunks of a body', async () => {
    const bytes = new TextEncoder().encode('{"a":"üü"}');
    const stream = new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(new Uint8Array([byte]));
        controller.close();
      },
    });
    expect(await readJsonBody(post(stream), LIMIT_BYTES)).toEqual({ a: 'üü' });
  });

  it.each([
    ['', 'the body is empty'],
    ['{', 'the body is not JSON: '],
    ['{"a": 1,}', 'position 8'],
    ["{'a': 1}", 'position 1'],
    ['{} {}', 'position 3'],
    ['NaN', 'the body is not JSON: '],
    ['undefined', 'the body is not JSON: '],
  ])('[H5] describes the defect of %j as %j', async (text, expected) => {
    const { code, message } = await refusal(post(text));
    expect(code).toBe('INVALID_REQUEST');
    expect(message).toContain(expected);
  });

  it.each([[[0xff]], [[0x22, 0xc3, 0x22]], [[0x22, 0xed, 0xa0, 0x80, 0x22]], [[0xc0, 0x80]]])(
    '[H5] refuses the bytes %j, which are not UTF-8',
    async (bytes) =>
      expect((await refusal(post(new Uint8Array(bytes)))).message).toBe('the body is not UTF-8; encode it as UTF-8'),
  );
});

describe('readUntypedJsonBody', () => {
  it('reads JSON of any type, within the same limits', async () => {
    expect(await readUntypedJsonBody(post('{"a":1}', {}), LIMIT_BYTES)).toEqual({ a: 1 });
    expect(await readUntypedJsonBody(post('{"a":1}', { 'content-type': 'text/plain' }), LIMIT_BYTES)).toEqual({ a: 1 });
    await expect(readUntypedJsonBody(post('{', {}), LIMIT_BYTES)).rejects.toMatchObject({ code: 'INVALID_REQUEST' });
    await expect(readUntypedJsonBody(post('x'.repeat(LIMIT_BYTES + 1), {}), LIMIT_BYTES)).rejects.toMatchObject({
      code: 'PAYLOAD_TOO_LARGE',
    });
  });
});
