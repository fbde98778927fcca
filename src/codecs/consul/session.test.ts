import { expect, it } from 'vitest';
import { refusalOfCall } from '../../../test/fixtures/consul-refusal';
import { eachRow } from '../../../test/fixtures/every-row';
import { readSessionRequest, showSession } from './session';

const DEFAULTS = {
  name: '',
  node: '',
  lockDelay: 15e9,
  behavior: 'release',
  ttl: 0,
  ttlText: '',
  nodeChecks: ['serfHealth'],
  serviceChecks: [],
};

it('sessions are read from clients', () =>
  eachRow(
    [
      [undefined, {}],
      [{}, {}],
      // The Go client: a duration is a number of nanoseconds or text.
      [
        { Name: 'n', Node: 'node1', LockDelay: '5s', Behavior: 'delete', TTL: '10s', NodeChecks: [] },
        { name: 'n', node: 'node1', lockDelay: 5e9, behavior: 'delete', ttl: 10e9, ttlText: '10s', nodeChecks: [] },
      ],
      // python-consul.
      [
        { lockdelay: '0s', ttl: '20s' },
        { lockDelay: 0, ttl: 20e9, ttlText: '20s' },
      ],
      [{ LockDelay: 20 }, { lockDelay: 20e9 }],
      [{ LockDelay: 15e9 }, { lockDelay: 15e9 }],
      [{ LockDelay: '10m' }, { lockDelay: 60e9 }],
      [{ TTL: '0s' }, { ttl: 0, ttlText: '0s' }],
      [{ Checks: [] }, { nodeChecks: [] }],
      [{ Checks: ['a'] }, { nodeChecks: ['a', 'serfHealth'] }],
      [{ Checks: ['a'], NodeChecks: ['b'] }, { nodeChecks: ['a', 'b'] }],
      [{ NodeChecks: ['b'] }, { nodeChecks: ['b'] }],
      [{ Checks: ['a'], NodeChecks: [] }, { nodeChecks: [] }],
      [{ ServiceChecks: [{ ID: 'c' }] }, { serviceChecks: [{ id: 'c', namespace: '' }] }],
    ],
    (body, expected) => {
      expect(readSessionRequest(body)).toEqual({ ...DEFAULTS, ...expected });
    },
  ));

it('sessions are refused with the texts of Consul', () =>
  eachRow(
    [
      [{ Behavior: 'keep' }, "400 Invalid Behavior setting 'keep'"],
      [{ TTL: '5s' }, "400 Invalid Session TTL '5000000000', must be between [10s=24h0m0s]"],
      [{ TTL: '25h' }, "400 Invalid Session TTL '90000000000000', must be between [10s=24h0m0s]"],
      [{ TTL: 'x' }, '400 Session TTL \'x\' invalid: time: invalid duration "x"'],
      [{ LockDelay: '5' }, '400 Request decode failed: time: missing unit in duration "5"'],
    ],
    (body, expected) => {
      expect(refusalOfCall(() => readSessionRequest(body))).toBe(expected);
    },
  ));

it('a session is shown with its lock delay in nanoseconds', () => {
  const id = 'adf4238a-882b-9ddc-4a9d-5b6758e4159e';
  const session = { ...readSessionRequest({ Node: 'node1', TTL: '90s' }), id, createIndex: 3, modifyIndex: 3 };
  expect(JSON.stringify(showSession(session))).toBe(
    `{"ID":"${id}","Name":"","Node":"node1","LockDelay":15000000000,"Behavior":"release","TTL":"90s",` +
      '"NodeChecks":["serfHealth"],"ServiceChecks":null,"CreateIndex":3,"ModifyIndex":3}',
  );
});
