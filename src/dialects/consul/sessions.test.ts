import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusalOfCall } from '../../../test/fixtures/consul-refusal';
import { eachRow } from '../../../test/fixtures/every-row';
import { readSessionRequest } from '../../codecs/consul/session';
import { LEASE_DATA_MAX_BYTES } from '../../model/limits';
import { leaseOf, sessionGrant, sessionId, sessionOf } from './sessions';

describe('the id of a session', () => {
  it('[CK6] is a UUID of version 8, from which the lease is found again in any case of its digits', () => {
    const lease = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(String);
    fc.assert(
      fc.property(lease, (id) => {
        const session = sessionId(id);
        expect(session).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect([leaseOf(session), leaseOf(session.toUpperCase())]).toEqual([id, id]);
      }),
    );
  });

  it('[CK6] differs in its first digits from one session to the next', () => {
    expect(sessionId('5327000000000001').slice(0, 8)).not.toBe(sessionId('5327000900000001').slice(0, 8));
  });

  it('[CK6] is nothing else', () =>
    eachRow(
      [
        [''],
        ['7'],
        ['adf4238a-882b-9ddc-4a9d-5b6758e4159e'],
        ['00000000-0000-8000-8000-726f6c6c6361'],
        ['ffffffff-ffff-80ff-8000-726f6c6c6361'],
        [`${sessionId('7')}\n`],
        [` ${sessionId('7')}`],
      ],
      (text) => expect(leaseOf(text)).toBeUndefined(),
    ));
});

describe('a session', () => {
  it('[CK6] is shown as it was requested', () => {
    const request = readSessionRequest({ Name: 'ø', TTL: '15s', Behavior: 'delete', LockDelay: '5s', Node: 'n1' });
    const grant = sessionGrant(request, 'rollcall', 41);
    expect(grant).toMatchObject({ ttlMs: 30_000, lockDelayMs: 5_000, door: 'consul' });
    expect(sessionOf({ id: '7', data: grant.data })).toEqual({
      ...request,
      id: sessionId('7'),
      createIndex: 43,
      modifyIndex: 43,
    });
  });

  it('[CK6] belongs to the node of the agent unless it names one, and ends by itself only with a time to live', () => {
    const grant = sessionGrant(readSessionRequest(undefined), 'n2', 0);
    expect(grant).toMatchObject({ ttlMs: null, lockDelayMs: 15_000 });
    expect(sessionOf({ id: '7', data: grant.data })).toMatchObject({ node: 'n2', ttl: 0, nodeChecks: ['serfHealth'] });
    const unchecked = sessionGrant(readSessionRequest({ NodeChecks: [] }), 'n2', 0);
    expect(sessionOf({ id: '7', data: unchecked.data })?.nodeChecks).toEqual([]);
  });

  it('[CK6] is not a lease of another API', () => {
    expect(sessionOf({ id: '7', data: undefined })).toBeUndefined();
  });

  it('[CK6] is refused if it depends on a check that cannot end it, or has too long a name', () =>
    eachRow(
      [
        [{ NodeChecks: ['serfHealth', 'disk'] }, 'Check "disk" can\'t end a session here'],
        [{ Checks: ['disk'] }, 'Check "disk" can\'t'],
        [{ ServiceChecks: [{ ID: 'service:web' }] }, 'Check "service:web" can\'t'],
        [{ Name: 'é'.repeat(LEASE_DATA_MAX_BYTES / 2) }, 'Session Name and Node are too long'],
        [{ Node: 'n'.repeat(LEASE_DATA_MAX_BYTES) }, 'Session Name and Node are too long'],
      ],
      (body, text) => {
        expect(refusalOfCall(() => sessionGrant(readSessionRequest(body), 'n', 1))).toContain(`400 ${text}`);
      },
    ));
});
