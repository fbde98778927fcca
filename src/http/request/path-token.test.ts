import { describe, expect, it } from 'vitest';
import { withoutPathToken } from './path-token';
import { rawPath } from './request-target';

const parted = (path: string) => {
  const request = new Request(`http://a.test${path}`);
  const found = withoutPathToken(request, rawPath(request));
  return found === undefined ? undefined : [found.token, found.request.url.slice('http://a.test'.length)];
};

describe('withoutPathToken', () => {
  it.each([
    ['/t/tok/health', 'tok', '/health'],
    ['/t/tok/api/v1/ns/public/services?group=g&x=%2F', 'tok', '/api/v1/ns/public/services?group=g&x=%2F'],
    ['/t/tok/a%2Fb', 'tok', '/a%2Fb'],
    ['/t/tok', 'tok', '/'],
    ['/t/tok/', 'tok', '/'],
    ['/t/tok?x=1', 'tok', '/?x=1'],
    ['/t/', '', '/'],
    ['/t//health', '', '/health'],
    ['/t/?/health', '', '/?/health'],
    ['/t/tok/t/other/health', 'tok', '/t/other/health'],
    ['/t/tok//evil.test/health', 'tok', '//evil.test/health'],
    ['/t/t%6Fk/health', 't%6Fk', '/health'],
    ['/t/tok%2Fhealth', 'tok%2Fhealth', '/'],
    ['/t/tok@evil.test/health', 'tok@evil.test', '/health'],
  ])('[A10] parts %s', (path, token, rest) => {
    expect(parted(path)).toEqual([token, rest]);
  });

  it.each([
    '/',
    '/t',
    '/T/tok/health',
    '/tt/tok/health',
    '/%74/tok/health',
    '//t/tok/health',
    '/api/t/tok',
    '/?/t/tok/',
  ])('[A10] finds no token in %s', (path) => {
    expect(parted(path)).toBeUndefined();
  });

  it('leaves the rest of a request as it was', async () => {
    const request = new Request('http://a.test/t/tok/x', {
      method: 'PUT',
      headers: { 'x-kept': 'yes', 'content-type': 'application/json' },
      body: '{"a":1}',
    });
    const found = withoutPathToken(request, rawPath(request))?.request;
    expect([found?.method, found?.headers.get('x-kept'), await found?.text()]).toEqual(['PUT', 'yes', '{"a":1}']);
  });
});
