import { expect, it } from 'vitest';
import { EXIT, exitCodeOf } from './exit-code';

it('[K1] gives scripts the numbers that the guide names', () => {
  expect(EXIT).toEqual({
    ok: 0,
    failure: 1,
    usage: 2,
    notFound: 3,
    denied: 4,
    conflict: 5,
    unreachable: 6,
    timedOut: 124,
  });
});

it.each([
  ['INVALID_REQUEST', 2],
  ['INSTANCE_NOT_FOUND', 3],
  ['NAMESPACE_NOT_FOUND', 3],
  ['TOKEN_NOT_FOUND', 3],
  ['UNAUTHENTICATED', 4],
  ['FORBIDDEN', 4],
  ['CONFLICT', 5],
  ['REVISION_MISMATCH', 5],
  ['UNREACHABLE', 6],
  ['UNAVAILABLE', 6],
  ['NOT_CONFIGURED', 6],
  ['DEADLINE_EXCEEDED', 124],
  ['LIMIT_EXCEEDED', 1],
  ['A_CODE_OF_TOMORROW', 1],
  ['constructor', 1],
])('%s ends with %i', (code, exitCode) => {
  expect(exitCodeOf(code)).toBe(exitCode);
});
