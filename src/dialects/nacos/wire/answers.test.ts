import { expect, it } from 'vitest';
import { restResult, result } from './answers';

it('[Y12] success is 0 in v2 and v3, and 200 in the console of v1', async () => {
  expect(await result('ok').json()).toEqual({ code: 0, message: 'success', data: 'ok' });
  expect(await restResult([]).json()).toEqual({ code: 200, message: null, data: [] });
  expect([result(1).status, result(1).headers.get('content-type')]).toEqual([200, 'application/json;charset=UTF-8']);
  expect(result(1).headers.get('cache-control')).toBe('no-store');
});
