import { describe, expect, it } from 'vitest';
import { withoutNamespace } from './namespace-prefix';
import { rawPath } from './request-target';

const parted = (path: string) => {
  const request = new Request(`http://a.test${path}`);
  const found = withoutNamespace(request, rawPath(request));
  return found === undefined ? undefined : [found.namespace, found.request.url.slice('http://a.test'.length)];
};

describe('withoutNamespace', () => {
  it.each([
    ['/n/shop/eureka/apps', 'shop', '/eureka/apps'],
    ['/n/shop/registry?service=a/b', 'shop', '/registry?service=a/b'],
    ['/n/shop/', 'shop', '/'],
    ['/n//eureka', '', '/eureka'],
    ['/n/a%2Fb/eureka', 'a%2Fb', '/eureka'],
    ['/n/shop/n/other/eureka', 'shop', '/n/other/eureka'],
  ])('[X2] parts %s', (path, namespace, rest) => expect(parted(path)).toEqual([namespace, rest]));

  it.each(['/', '/n', '/n/', '/n/shop', '/N/shop/eureka', '/nn/shop/eureka', '/%6E/shop/eureka', '/eureka?/n/shop/'])(
    '[X2] finds none in %s',
    (path) => expect(parted(path)).toBeUndefined(),
  );
});
