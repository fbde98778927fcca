import { describe, expect, it } from 'vitest';
import { decodePayload, encodeParts, encodePayload, encodeRequest } from './payload';

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

describe('a message of Nacos over gRPC', () => {
  it('[NG1] has its type and headers beside its body', () => {
    const sent = { type: 'InstanceRequest', headers: { accessToken: 's' }, body: Buffer.from('{"a":"ü"}') };
    const received = decodePayload(encodeRequest(sent));
    expect([received.type, received.headers, textOf(received.body)]).toEqual([
      'InstanceRequest',
      { accessToken: 's' },
      '{"a":"ü"}',
    ]);
  });

  it.each([0, 1, 127, 128, 20_000])('[NG1] is encoded from parts of %d bytes as from one', (length) => {
    const text = 'ü'.repeat(length);
    const received = decodePayload(encodeParts('T', ['{"text":"', Buffer.from(text), '"}']));
    expect([received.type, textOf(received.body)]).toEqual(['T', `{"text":"${text}"}`]);
    expect(Buffer.from(encodePayload('T', { text }))).toEqual(Buffer.from(encodeParts('T', [`{"text":"${text}"}`])));
  });

  it('[NG1] without a type or a body is one with empty ones', () => {
    expect(decodePayload(new Uint8Array())).toEqual({ type: '', headers: {}, body: new Uint8Array() });
  });
});
