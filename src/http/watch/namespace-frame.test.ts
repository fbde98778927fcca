import { expect, it } from 'vitest';
import { readNamespaceFrame, refusalIn } from './namespace-frame';

it('[W15] a refusal keeps code, words and members on its way through a socket', () => {
  const errors = [{ path: 'scope.services', message: 'must not be empty' }];
  const frame = readNamespaceFrame(
    JSON.stringify({ type: 'error', id: '1', code: 'INVALID_REQUEST', detail: 'no', errors }),
  );
  if (frame.type !== 'error') throw new Error('it is an error frame');
  expect(refusalIn(frame)).toMatchObject({ code: 'INVALID_REQUEST', message: 'no', details: { errors } });
  expect(refusalIn({ type: 'error', code: 'FORBIDDEN', detail: 'no' }).details).toEqual({});
});
