import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import {
  type Carrier,
  credentialReader,
  DOORS,
  type Door,
  isForPaths,
  isTicket,
  joinLogin,
  splitLogin,
} from './carriers';

const TOKEN = 'rc_abcdefghijkl_secret';

/** Everything that a request can carry a credential in. */
interface Sent {
  authorization?: string;
  protocols?: string;
  query?: string;
  pathToken?: string;
  other?: Record<string, string>;
}

/** Carrier and text of what is taken for the credential, or why none is. */
function taken(door: Door, { authorization, protocols, query = '', pathToken, other }: Sent): string {
  const headers = new Headers(other);
  if (authorization !== undefined) headers.set('authorization', authorization);
  if (protocols !== undefined) headers.set('sec-websocket-protocol', protocols);
  try {
    const found = credentialReader(DOORS[door])({ headers, parameters: () => query, pathToken });
    return found === undefined ? NONE : `${found.carrier} ${found.text}`;
  } catch (error) {
    return `${(error as { code: string }).code}: ${(error as Error).message}`; // `as`: what else it is fails the test
  }
}

const NONE = 'there is none';
const MALFORMED =
  'UNAUTHENTICATED: the Authorization header is not "Bearer <token>", the only form that is accepted here';

describe('credentialReader', () => {
  it('[A9] accepts at each door the carriers of that door', () =>
    everyRow(
      [
        [{ authorization: `Bearer ${TOKEN}` }, 'bearer', 'bearer', 'bearer', 'bearer'],
        [{ pathToken: TOKEN }, 'path', 'path', 'path', 'path'],
        [{ protocols: `rollcall.v1, token.${TOKEN}` }, '-', '-', 'subprotocol-token', '-'],
        [{ protocols: `ticket.${TOKEN},rollcall.v1` }, '-', '-', 'subprotocol-ticket', '-'],
        [{ query: `group=g&ticket=${TOKEN}` }, '-', 'query-ticket', 'query-ticket', '-'],
        [{ query: `tick%65t=${TOKEN}` }, '-', 'query-ticket', 'query-ticket', '-'],
        [{ query: `token=${TOKEN}&access_token=${TOKEN}&Ticket=${TOKEN}` }, '-', '-', '-', '-'],
        [{ other: { cookie: `token=${TOKEN}`, 'x-api-key': TOKEN } }, '-', '-', '-', '-'],
        [
          { other: { 'proxy-authorization': `Bearer ${TOKEN}`, 'x-authorization': `Bearer ${TOKEN}` } },
          '-',
          '-',
          '-',
          '-',
        ],
        [{}, '-', '-', '-', '-'],
      ] as const,
      ([sent, api, stream, socket, metrics]) => {
        const line = (carrier: string): string => (carrier === '-' ? NONE : `${carrier} ${TOKEN}`);
        expect(taken('api', sent)).toBe(line(api));
        expect(taken('stream', sent)).toBe(line(stream));
        expect(taken('socket', sent)).toBe(line(socket));
        expect(taken('metrics', sent)).toBe(line(metrics));
      },
    ));

  it('[A9] accepts Bearer in any case and with any spaces', () =>
    everyRow([`bearer ${TOKEN}`, `BEARER   ${TOKEN} `, `Bearer ${TOKEN}`], (authorization) => {
      expect(taken('api', { authorization })).toBe(`bearer ${TOKEN}`);
    }));

  it('[A9] refuses any other Authorization header', () =>
    everyRow(
      [
        '',
        TOKEN,
        'Bearer',
        'Bearer ',
        `Bearer${TOKEN}`,
        `Bearer\t${TOKEN}`,
        `Bearer ${TOKEN} ${TOKEN}`,
        `Bearer ${TOKEN}, Bearer ${TOKEN}`,
        `Bearer ${TOKEN}, Basic eDp5`,
        `Basic ${btoa(`root:${TOKEN}`)}`,
        `Token ${TOKEN}`,
        `Digest username="${TOKEN}"`,
      ],
      (authorization) => {
        expect(taken('api', { authorization })).toBe(MALFORMED);
        expect(taken('socket', { authorization, protocols: `token.${TOKEN}` }), 'beside another').toBe(MALFORMED);
      },
    ));

  it('[A9] refuses more than one credential', () =>
    everyRow(
      [
        [{ authorization: `Bearer ${TOKEN}`, pathToken: TOKEN }, 'path, bearer'],
        [{ authorization: `Bearer ${TOKEN}`, protocols: `token.${TOKEN}` }, 'bearer, subprotocol-token'],
        [{ protocols: `token.${TOKEN}, token.${TOKEN}` }, 'subprotocol-token, subprotocol-token'],
        [{ protocols: `ticket.a, token.${TOKEN}` }, 'subprotocol-ticket, subprotocol-token'],
        [{ protocols: 'ticket.a', query: 'ticket=a' }, 'subprotocol-ticket, query-ticket'],
        [{ query: 'ticket=a&ticket=a' }, 'query-ticket, query-ticket'],
        [{ pathToken: '', query: 'ticket=a' }, 'path, query-ticket'],
      ] as const,
      ([sent, names]) => {
        const message = `there is more than one credential (${names}); send one of them`;
        expect(taken('socket', sent)).toBe(`UNAUTHENTICATED: ${message}`);
      },
    ));

  it('[A9] ignores carriers that a door does not accept', () => {
    const headers = new Headers({ authorization: `Bearer ${TOKEN}`, 'sec-websocket-protocol': `token.${TOKEN}` });
    const places = { headers, parameters: () => `ticket=${TOKEN}`, pathToken: TOKEN };
    const taken = (carriers: Carrier[]) => credentialReader(carriers)(places)?.carrier;
    expect(taken(['bearer'])).toBe('bearer');
    expect(taken(['path'])).toBe('path');
    expect(taken(['query-ticket'])).toBe('query-ticket');
    expect(taken([])).toBeUndefined();
  });

  it('[A13] never quotes the credential', () => {
    for (const authorization of [`Basic ${TOKEN}`, `Bearer ${TOKEN} x`, `Bearer ${TOKEN}`]) {
      expect(taken('socket', { authorization, pathToken: TOKEN, protocols: `token.${TOKEN}` })).not.toContain(TOKEN);
    }
  });
});

describe('credentialReader for clients of dialects', () => {
  const CARRIERS: Carrier[] = [
    'bearer',
    'basic',
    'access-token-header',
    'access-token-parameter',
    'password-parameter',
  ];
  const credentialIn = (headers: Record<string, string>, parameters = ''): string => {
    try {
      const found = credentialReader(CARRIERS)({ headers: new Headers(headers), parameters: () => parameters });
      return found === undefined ? NONE : `${found.carrier} ${found.text}`;
    } catch (error) {
      return (error as Error).message; // `as`: what else it is fails the test
    }
  };

  it('[A9] accepts a credential, also if it is sent twice', () =>
    everyRow(
      [
        [{ authorization: `Bearer ${TOKEN}` }, '', 'bearer'],
        [{ authorization: `Basic ${btoa(`user:${TOKEN}`)}` }, '', 'basic'],
        [{ authorization: `basic  ${btoa(`${TOKEN}:`)}` }, '', 'basic'],
        [{ accessToken: TOKEN }, 'accessToken=', 'access-token-header'],
        [{}, `serviceName=a&accessToken=${TOKEN}`, 'access-token-parameter'],
        [{}, `username=nacos&password=${TOKEN}`, 'password-parameter'],
        [{ accessToken: TOKEN }, `accessToken=${TOKEN}&password=${TOKEN}`, 'access-token-header'],
        [{ authorization: `Bearer ${TOKEN}` }, `accessToken=${TOKEN}`, 'bearer'],
      ] as const,
      ([headers, parameters, carrier]) => {
        expect(credentialIn(headers, parameters)).toBe(`${carrier} ${TOKEN}`);
      },
    ));

  it('[A9] refuses two different credentials', () => {
    expect(credentialIn({ accessToken: TOKEN }, 'password=another')).toMatch(/more than one credential/);
    expect(credentialIn({ authorization: `Bearer ${TOKEN}` }, 'accessToken=another')).toMatch(
      /more than one credential/,
    );
    expect(credentialIn({}, `accessToken=${TOKEN}&accessToken=another`)).toMatch(/more than one credential/);
  });

  it('[A9, A13] refuses any other header without quoting it', () =>
    everyRow(
      [
        'Basic',
        'Basic !',
        `Basic ${btoa('no colon')}`,
        `Basic ${btoa(':')}`,
        'Basic abcde',
        'Basic ab=',
        `Basic ${TOKEN}`,
      ],
      (authorization) => {
        expect(credentialIn({ authorization })).toMatch(/is neither/);
        expect(credentialIn({ authorization })).not.toContain(TOKEN);
      },
    ));
});

describe('credentialReader for clients of etcd', () => {
  const taken = (authorization: string, carriers: Carrier[] = ['bearer', 'basic', 'raw']): string => {
    try {
      const found = credentialReader(carriers)({ headers: new Headers({ authorization }), parameters: () => '' });
      return found === undefined ? NONE : `${found.carrier} ${found.text}`;
    } catch (error) {
      return (error as Error).message; // `as`: what else it is fails the test
    }
  };

  it('[A9] accepts a token as the whole header, with or without a namespace', () =>
    everyRow(
      [
        [TOKEN, `raw ${TOKEN}`],
        [`orders/${TOKEN}`, `raw ${TOKEN}`],
        [`Bearer ${TOKEN}`, `bearer ${TOKEN}`],
        [`Basic ${btoa(`user:${TOKEN}`)}`, `basic ${TOKEN}`],
        ['a b', 'is neither'],
        [`Token ${TOKEN}`, 'is neither'],
      ] as const,
      ([authorization, expected]) => expect(taken(authorization)).toContain(expected),
    ));

  it('[A9] accepts it nowhere else', () => {
    expect(taken(TOKEN, ['bearer'])).toContain('the only form that is accepted here');
    expect(taken(TOKEN, ['bearer', 'basic'])).toContain('is neither');
    expect(taken(TOKEN, [])).toBe(NONE);
  });
});

describe('splitLogin', () => {
  it('splits what joinLogin has joined, also for a root token with slashes', () =>
    everyRow(
      [
        { token: TOKEN },
        { token: 'Root/with+slashes/and=more_than_32_characters' },
        { token: 'root-with/slashes-and-more-than-32-characters' },
        { namespace: 'orders', token: TOKEN },
        { namespace: 'orders', token: 'root/with/slashes' },
      ],
      (login) => {
        const { namespace, token } = splitLogin(joinLogin(login, 'public'));
        expect(token).toBe(login.token);
        expect(namespace ?? 'public').toBe(login.namespace ?? 'public');
      },
    ));
});

describe('isTicket', () => {
  it('[A11] is true for the carriers of single-use tickets', () => {
    const carriers = ['bearer', 'path', 'subprotocol-token', 'subprotocol-ticket', 'query-ticket'] as const;
    expect(carriers.filter((carrier) => isTicket({ carrier, text: '' }))).toEqual([
      'subprotocol-ticket',
      'query-ticket',
    ]);
  });
});

describe('isForPaths', () => {
  it('[A10] permits read-only tokens, and tokens that may write by path', () =>
    everyRow(
      [
        [['read'], false, true],
        [['metrics'], false, true],
        [['read', 'metrics', 'read'], false, true],
        [['register'], false, false],
        [['read', 'register'], false, false],
        [['operate'], false, false],
        [['read', 'admin'], false, false],
        [['register'], true, true],
      ] as const,
      ([scopes, pathWrite, expected]) => {
        const grants = scopes.map((scope) => ({ scope, ns: 'public' }));
        expect(isForPaths({ tokenId: 't', grants, pathWrite })).toBe(expected);
      },
    ));
});
