import { expect, it } from 'vitest';
import { serviceAskedFor } from './raw-service';

it.each([
  ['', '', ''],
  ['?service=', '', ''],
  ['?service=greeter', 'greeter', 'greeter'],
  ['?service=a%26b+c%2Bd', 'a&b c+d', 'a&b+c+d'],
  ['?service=a&b', 'a', 'a&b'],
  ['?service=a+b', 'a b', 'a+b'],
  ['?service=50%', '50%', '50%'],
  ['?service=a=b', 'a=b', 'a=b'],
  ['?x=1&service=a', 'a', ''],
])('[X3] of %j a reader asks for %j, a watcher for %j', (query, read, watched) => {
  const url = `http://rollcall.test/registry${query}`;
  expect([serviceAskedFor(url, false), serviceAskedFor(url, true)]).toEqual([read, watched]);
});
