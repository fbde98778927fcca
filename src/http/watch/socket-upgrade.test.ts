import { describe, expect, it } from 'vitest';
import { assertSocketUpgrade, socketCredential } from './socket-upgrade';

const protocols = (value: string) => new Headers({ upgrade: 'websocket', 'sec-websocket-protocol': value });

describe('socketCredential', () => {
  it('[E8] is the header, or else the token among the subprotocols', () => {
    expect(socketCredential(protocols('rollcall.v1, token.abc.def'))).toBe('Bearer abc.def');
    expect(socketCredential(protocols('token.first,rollcall.v1,token.second'))).toBe('Bearer first');
    const both = protocols('rollcall.v1, token.abc');
    both.set('authorization', 'Bearer header');
    expect(socketCredential(both)).toBe('Bearer header');
  });

  it('[E8] is missing where neither is there', () => {
    expect(socketCredential(protocols('rollcall.v1, tokens.abc'))).toBeNull();
    expect(socketCredential(new Headers())).toBeNull();
  });
});

describe('assertSocketUpgrade', () => {
  it('[E8] takes a WebSocket that offers the subprotocol', () => {
    for (const offered of ['rollcall.v1', 'other, rollcall.v1', 'token.x,rollcall.v1']) {
      expect(() => assertSocketUpgrade(protocols(offered))).not.toThrow();
    }
    const shouted = protocols('rollcall.v1');
    shouted.set('upgrade', 'WebSocket');
    expect(() => assertSocketUpgrade(shouted)).not.toThrow();
  });

  it('[E8] refuses anything else', () => {
    const refusal = (headers: Headers) => {
      try {
        assertSocketUpgrade(headers);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(refusal(new Headers())).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    expect(refusal(new Headers({ upgrade: 'h2c' }))).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    for (const headers of [new Headers({ upgrade: 'websocket' }), protocols('rollcall.v2'), protocols('token.x')]) {
      expect(refusal(headers)).toMatchObject({
        code: 'INVALID_REQUEST',
        details: { errors: [{ path: 'Sec-WebSocket-Protocol' }] },
      });
    }
  });
});
