import { describe, expect, it } from 'vitest';
import { eachRow } from '../../../../test/fixtures/every-row';
import { NacosStage } from '../../../../test/fixtures/nacos-stage';
import type { Grant } from '../../../model/grant';
import { sessionOf } from './login';

const FORM = { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' };

/** A login as one of the clients sends it, with the password it sends. */
const CLIENTS: [name: string, path: string, query: (password: string) => string, form: (password: string) => string][] =
  [
    ['Java 2', '/nacos/v1/auth/users/login', () => 'username=nacos', (password) => `password=${password}`],
    ['Java 3', '/nacos/v3/auth/user/login', () => 'username=nacos', (password) => `password=${password}`],
    ['Go', '/nacos/v1/auth/users/login', () => '', (password) => `username=nacos&password=${password}`],
    ['Rust', '/nacos/v1/auth/login', (password) => `username=nacos&password=${password}`, () => ''],
  ];

describe('logging in', () => {
  it.each(CLIENTS)('[Y11] as %s does returns the token', async (_name, path, query, form) => {
    const stage = new NacosStage([{ scope: 'read', ns: 'public' }]);
    const login = (password: string) =>
      stage.app.send('POST', `${path}?${query(password)}`, { headers: FORM, body: form(password) });
    const response = await login(stage.token);
    expect(response.status).toBe(200);
    expect(response.headers.get('authorization')).toBe(`Bearer ${stage.token}`);
    expect(await response.json()).toEqual({
      accessToken: stage.token,
      tokenTtl: 18_000,
      globalAdmin: false,
      username: 'nacos',
    });
    const wrong = await login('nacos');
    expect([wrong.status, wrong.headers.get('www-authenticate')]).toEqual([403, null]);
    expect(await wrong.text()).toContain('user not found!');
  });

  it('[Y11] returns a token that is accepted where clients put it', async () => {
    const stage = new NacosStage([{ scope: 'read', ns: 'public' }]);
    const path = '/nacos/v1/ns/instance/list?serviceName=orders';
    const bearer = { headers: { authorization: `Bearer ${stage.token}` } };
    expect((await stage.app.send('GET', path, bearer)).status).toBe(200);
    expect((await stage.app.send('GET', `${path}&accessToken=${stage.token}`)).status).toBe(200);
    expect((await stage.app.send('GET', `${path}&username=any&password=${stage.token}`)).status).toBe(200);
    expect((await stage.app.send('GET', path, { headers: { accessToken: stage.token } })).status).toBe(200);
    expect((await stage.app.send('GET', path)).status).toBe(403);
  });

  it('[NG6] names a namespace by its path or its user, in which the access token is used then', async () => {
    const stage = new NacosStage([{ scope: 'read', ns: 'team' }]);
    const login = async (path: string, user: string): Promise<string> => {
      const response = await stage.app.send('POST', `${path}?username=${user}&password=${stage.token}`);
      return ((await response.json()) as { accessToken: string }).accessToken; // `as`: the answer to a login
    };
    const accessToken = `team/${stage.token}`;
    expect(await login('/n/team/nacos/v1/auth/login', 'x')).toBe(accessToken);
    expect(await login('/nacos/v3/auth/user/login', 'team/x')).toBe(accessToken);
    const path = '/nacos/v1/ns/instance/list?serviceName=orders&namespaceId=public';
    const status = async (headers: Record<string, string>, query = '') =>
      (await stage.app.send('GET', path + query, { headers })).status;
    // The stage has no other namespace than `public`.
    expect(await status({ accessToken })).toBe(404);
    expect(await status({}, `&accessToken=${encodeURIComponent(accessToken)}`)).toBe(404);
    expect(await status({ accessToken: stage.token })).toBe(403);
  });

  it('[Y11] requires a password, even with a token in a header', async () => {
    const stage = new NacosStage();
    expect(await stage.send('POST', '/nacos/v1/auth/login', 'username=nacos')).toEqual([
      400,
      "Param 'password' is required.",
    ]);
    expect((await stage.app.send('POST', '/nacos/v1/auth/login', { headers: FORM, body: 'username=x' })).status).toBe(
      403,
    );
  });

  it('[Y11] returns the remaining lifetime of a token', async () => {
    const stage = new NacosStage();
    const { token } = stage.app.directory.give([{ scope: 'admin', ns: '*' }], { expiresAt: Date.now() + 600_500 });
    const response = await stage.app.send('POST', `/nacos/v1/auth/login?username=u&password=${token}`);
    const { tokenTtl, globalAdmin } = (await response.json()) as { tokenTtl: number; globalAdmin: boolean };
    expect(globalAdmin).toBe(true);
    expect(tokenTtl).toBeGreaterThan(500);
    expect(tokenTtl).toBeLessThanOrEqual(600);
  });
});

const READ: Grant[] = [{ scope: 'read', ns: 'public' }];
const SENT = { username: 'nacos', password: 'rc_token' };

describe('sessionOf', () => {
  it('[Y11] returns the token that was the password', () => {
    expect(sessionOf({ tokenId: 't', grants: READ }, SENT, 0)).toEqual({
      accessToken: 'rc_token',
      tokenTtl: 18_000,
      globalAdmin: false,
      username: 'nacos',
    });
  });

  it('[Y11] a session ends with its token, and after five hours', () =>
    eachRow(
      [
        [undefined, 18_000],
        [1_000_000_000, 18_000],
        [90_500, 90],
        [1, 1],
        [-1, 1],
      ],
      (expiresAt, tokenTtl) => {
        expect(sessionOf({ tokenId: 't', grants: READ, expiresAt }, SENT, 0).tokenTtl).toBe(tokenTtl);
      },
    ));

  it('[Y11] treats an admin of all namespaces as an admin, and no other token', () => {
    const isAdmin = (grants: Grant[]) => sessionOf({ tokenId: 't', grants }, SENT, 0).globalAdmin;
    expect(isAdmin([{ scope: 'admin', ns: '*' }])).toBe(true);
    expect(isAdmin([{ scope: 'admin', ns: 'public' }])).toBe(false);
    expect(isAdmin([{ scope: 'operate', ns: '*' }])).toBe(false);
  });

  it('[Y11] refuses a token without any permission', () => {
    expect(() => sessionOf({ tokenId: 't', grants: [] }, SENT, 0)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });
});
