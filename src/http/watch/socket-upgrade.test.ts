import { describe, expect, it } from 'vitest';
import { assertSocketUpgrade } from './socket-upgrade';

const protocols = (value: string) => new Headers({ upgrade: 'websocket', 'sec-websocket-protocol': value });

describe('assertSocketUpgrade', () => {
  it('[E8] takes a WebSocket that offers the subprotocol', () => {
    for (const offered of ['rollcall.v1', 'other, rollcall.v1', 'token.x,rollcall.v1']) {
      expect(() => assertSocketUpgrade({ method: 'GET', headers: protocols(offered) })).not.toThrow();
    }
    const shouted = protocols('rollcall.v1');
    shouted.set('upgrade', 'WebSocket');
    expect(() => assertSocketUpgrade({ method: 'GET', headers: shouted })).not.toThrow();
  });

  it('[E8] refuses anything else', () => {
    const refusal = (headers: Headers, method = 'GET') => {
      try {
        assertSocketUpgrade({ method, headers });
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(refusal(new Headers())).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    expect(refusal(new Headers({ upgrade: 'h2c' }))).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    expect(refusal(protocols('rollcall.v1'), 'HEAD')).toMatchObject({ code: 'UPGRADE_REQUIRED' });
    for (const headers of [new Headers({ upgrade: 'websocket' }), protocols('rollcall.v2'), protocols('token.x')]) {
      expect(refusal(headers)).toMatchObject({
        code: 'INVALID_REQUEST',
        details: { errors: [{ path: 'Sec-WebSocket-Protocol' }] },
      });
    }
  });
});
