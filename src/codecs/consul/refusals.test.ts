import { expect, it } from 'vitest';
import { eachRow } from '../../../test/fixtures/every-row';
import { RegistryError } from '../../model/errors';
import { REFUSALS, refusalOf } from './refusals';

it('refusals have the statuses and texts that clients compare', () =>
  eachRow(
    [
      [
        REFUSALS.unknownCheck('c'),
        404,
        'Unknown check ID "c". Ensure that the check ID is passed, not the check name.',
      ],
      [
        REFUSALS.unknownService('s'),
        404,
        'Unknown service ID "s". Ensure that the service ID is passed, not the service name.',
      ],
      [REFUSALS.notTtl('c'), 500, 'CheckID "c" does not have associated TTL'],
      [REFUSALS.invalidSession('a-b'), 500, 'invalid session "a-b"'],
      [REFUSALS.noSession('a-b'), 404, "Session id 'a-b' not found"],
      [REFUSALS.aclDisabled(), 401, 'ACL support disabled'],
      [
        REFUSALS.transactionTooLarge(9, 8),
        413,
        'Request body(9 bytes) too large, max size: 8 bytes. See https://www.consul.io/docs/agent/config/config-files#txn_max_req_len.',
      ],
      [new RegistryError('UNAUTHENTICATED', 'no token'), 403, 'ACL not found'],
      [new RegistryError('FORBIDDEN', 'no right'), 403, 'Permission denied: no right'],
      [new RegistryError('UNAVAILABLE', 'away'), 500, 'No cluster leader'],
      [new RegistryError('LIMIT_EXCEEDED', 'too many'), 429, 'too many'],
    ],
    (error, status, text) => {
      expect(refusalOf(error.toData())).toEqual({ status, text });
    },
  ));

it('a refusal that Consul has as a server error says that nothing was changed', () => {
  expect([REFUSALS.notTtl('c').code, REFUSALS.unknownCheck('c').code]).toEqual([
    'INVALID_REQUEST',
    'INSTANCE_NOT_FOUND',
  ]);
});
