import { describe, expect, it } from 'vitest';
import { nacosDoor } from './nacos-door';

describe("the door for Nacos' HTTP API", () => {
  it('[NG11] passes requests of it on, and no others', () => {
    const { path } = nacosDoor(undefined);
    expect(path('/nacos/v1/ns/instance?ip=10.0.0.1')).toBe('/nacos/v1/ns/instance?ip=10.0.0.1');
    expect(path('/n/team/nacos/v1/ns/instance')).toBe('/n/team/nacos/v1/ns/instance');
    expect(path('/t/token/nacos/v1/ns/instance')).toBe('/t/token/nacos/v1/ns/instance');
    for (const other of ['/', '/api/v1/ns', '/nacosx', '/nacos/../api/v1/ns', '/n/a/b/nacos/v1', '/n/team/api/v1/ns']) {
      expect(path(other), other).toBeUndefined();
    }
  });

  it('[NG11] of a gateway for one namespace leads to no other', () => {
    const { path } = nacosDoor('team');
    expect(path('/nacos/v1/ns/instance')).toBe('/n/team/nacos/v1/ns/instance');
    expect(path('/n/team/nacos/v1/ns/instance?a=b')).toBe('/n/team/nacos/v1/ns/instance?a=b');
    for (const other of ['/n/other/nacos/v1/ns/instance', '/n/team2/nacos/v1/ns', '/n/team/n/other/nacos/v1/ns']) {
      expect(path(other), other).toBeUndefined();
    }
  });

  it('[NG11] knows the places of a token', () => {
    const { hasToken } = nacosDoor(undefined);
    const known = (url: string, headers: Record<string, string> = {}) => hasToken({ url, headers });
    const path = '/nacos/v1/ns/instance';
    expect([known(path), known(`${path}?accessTokens=a`), known(`${path}?a=password`)]).toEqual([false, false, false]);
    expect([known(path, { authorization: 'Bearer a' }), known(path, { accesstoken: 'a' })]).toEqual([true, true]);
    expect([known(`${path}?accessToken=a`), known(`${path}?a=b&password=c`)]).toEqual([true, true]);
    expect([known('/nacos/v1/auth/users/login?username=a'), known('/t/a/nacos/v1')]).toEqual([true, true]);
  });
});
