import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { BackupError } from '../../backup/backup-error';
import { RollcallError } from '../../client/wire/rollcall-error';
import { LaunchError } from '../../launcher/launch-error';
import { CliError, EXIT, exitCodeOf, failureOf } from './failure';

it('[K1] has the documented exit codes', () => {
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

it('maps each error code to an exit code of its own', () =>
  eachRow(
    [
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
    ],
    (code, exitCode) => {
      expect(exitCodeOf(code)).toBe(exitCode);
    },
  ));

it('describes a refusal as a sentence, with each invalid value and its option', () => {
  const errors = [
    { path: 'port', message: 'must be at most 65535' },
    { path: 'weight', message: 'must be a number' },
  ];
  expect(failureOf(new RollcallError('INVALID_REQUEST', 'the body does not fit', { errors }))).toEqual({
    exitCode: 2,
    code: 'INVALID_REQUEST',
    message: 'These values are not valid:\n  --port must be at most 65535\n  weight must be a number',
    advice: undefined,
    errors,
  });
  expect(failureOf(new RollcallError('FORBIDDEN', 'this token may not'))).toMatchObject({
    exitCode: 4,
    advice: expect.stringContaining('rollcall doctor'),
  });
});

it('omits hints about the HTTP API, which users of commands do not call', () => {
  const error = new RollcallError('TOKEN_NOT_FOUND', 'there is no token "a"; list them with GET /api/v1/tokens');
  expect(failureOf(error)?.message).toBe('There is no token "a".');
});

it('suggests an action for a known code only', () =>
  eachRow(
    [
      ['INSTANCE_NOT_FOUND', 'List the instances of the service: rollcall ls <service>'],
      ['SERVICE_NOT_FOUND', 'List what exists: rollcall ls'],
      ['NAMESPACE_NOT_FOUND', 'List the namespaces: rollcall ns ls'],
      ['TOKEN_NOT_FOUND', 'List the tokens: rollcall token ls'],
      ['REVISION_MISMATCH', 'Another change was made first: check it, then try again.'],
      ['CONFLICT', undefined],
    ],
    (code, advice) => {
      expect(failureOf(new RollcallError(code, 'no'))?.advice).toBe(advice);
    },
  ));

it('uses the reason of an aborted call', () => {
  const cause = new CliError(124, 'It has not answered within 50 ms.', 'Wait longer.');
  expect(failureOf(new RollcallError('UNREACHABLE', 'no answer', { cause }))).toBe(cause);
});

it('[K1] keeps the message and the exit code of errors of the launcher and backups, and passes on defects', () => {
  expect(failureOf(new BackupError('The backup is damaged.'))).toEqual({
    exitCode: 1,
    code: 'FAILED',
    message: 'The backup is damaged.',
  });
  expect(failureOf(new LaunchError('The port is in use.', 1))).toMatchObject({
    exitCode: 1,
    message: 'The port is in use.',
  });
  expect(failureOf(new TypeError('undefined is not a function'))).toBeUndefined();
});
