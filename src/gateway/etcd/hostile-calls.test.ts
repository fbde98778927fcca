import { create, toBinary } from '@bufbuild/protobuf';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { refusalOf } from '../../../test/dialects/etcd/etcd-client';
import { EtcdPort } from '../../../test/fixtures/etcd-port';
import {
  Auth,
  KV,
  Lease,
  type RangeRequest_SortOrder,
  type RangeRequest_SortTarget,
  TxnRequestSchema,
} from '../../codecs/etcd/messages/rpc_pb';
import { bytesOf } from '../../model/bytes';

const EMPTY_KEY = '3 etcdserver: key is not provided';
const LEASE_NOT_FOUND = '5 etcdserver: requested lease not found';
const TOO_MANY = '3 etcdserver: too many operations in txn request';
const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);

let port: EtcdPort;
beforeEach(async () => {
  port = await EtcdPort.open();
});
afterEach(async () => {
  await port.close();
});

/** Checks that others are served, and that no call has failed without a refusal. */
async function assertServes(): Promise<void> {
  const client = port.client();
  await client.call(KV.method.put, { key: bytesOf('still'), value: bytesOf('here') });
  const { kvs } = await client.call(KV.method.range, { key: bytesOf('still') });
  expect(kvs.map(({ value }) => Buffer.from(value).toString())).toEqual(['here']);
  expect(port.errors).toEqual([]);
}

describe('a malformed message', () => {
  it.each<[name: string, bytes: Uint8Array, refusal: RegExp]>([
    ['random bytes', Uint8Array.of(255, 255, 255, 255), /^13 grpc: error unmarshalling request: /],
    ['a field that ends early', Uint8Array.of(10, 200, 1), /^13 grpc: error unmarshalling request: /],
    ['a varint without an end', new Uint8Array(64).fill(0x80), /^13 grpc: error unmarshalling request: /],
    ['field number 0', Uint8Array.of(2, 0), /^13 grpc: error unmarshalling request: /],
    [
      'a key of the wrong wire type',
      Uint8Array.of(8, 5),
      /^(3 etcdserver: key is not provided|13 grpc: error unmarshalling)/,
    ],
    ['nothing', new Uint8Array(0), /^3 etcdserver: key is not provided$/],
  ])('%s is refused', async (_name, bytes, refusal) => {
    expect(await refusalOf(port.client().raw('/etcdserverpb.KV/Put', bytes))).toMatch(refusal);
    await assertServes();
  });

  it('unknown fields are ignored', async () => {
    // Field 1 (key) `k`, and field 1000 as a varint and as bytes.
    const put = Uint8Array.of(10, 1, 107, 0xc0, 0x3e, 5, 0xc2, 0x3e, 2, 1, 2);
    expect(await refusalOf(port.client().raw('/etcdserverpb.KV/Put', put))).toBe('OK');
    await assertServes();
  });

  it('one over 2 MiB is refused, and one over the size of requests', async () => {
    const value = new Uint8Array(2 * 1024 * 1024);
    expect(await refusalOf(port.client().call(KV.method.put, { key: bytesOf('k'), value }))).toMatch(
      /^8 grpc: received message larger than max \(\d+ vs. 2097152\)$/,
    );
    const long = value.subarray(0, 1_700_000);
    expect(await refusalOf(port.client().call(KV.method.put, { key: bytesOf('k'), value: long }))).toBe(
      '3 etcdserver: request is too large',
    );
    await assertServes();
  });

  it('a method that does not exist is refused', async () => {
    expect(await refusalOf(port.client().raw('/etcdserverpb.KV/Nothing', new Uint8Array(0)))).toBe(
      '12 unknown method Nothing for service etcdserverpb.KV',
    );
  });

  it('a deadline that has passed ends the call', async () => {
    const call = port.client().raw('/etcdserverpb.KV/Put', Uint8Array.of(10, 1, 107), { headers: {}, deadlineMs: 0 });
    expect(await refusalOf(call)).toMatch(/^4 /);
    await assertServes();
  });
});

describe('keys', () => {
  it('without bytes are refused', async () => {
    const client = port.client();
    const none = { key: new Uint8Array(0) };
    expect(await refusalOf(client.call(KV.method.put, none))).toBe(EMPTY_KEY);
    expect(await refusalOf(client.call(KV.method.range, none))).toBe(EMPTY_KEY);
    expect(await refusalOf(client.call(KV.method.range, { ...none, rangeEnd: bytesOf('z') }))).toBe(EMPTY_KEY);
    expect(await refusalOf(client.call(KV.method.deleteRange, none))).toBe(EMPTY_KEY);
    expect(await refusalOf(client.call(KV.method.txn, { compare: [none] }))).toBe(EMPTY_KEY);
  });

  it('with NUL and with bytes that are not UTF-8 are kept as they are', async () => {
    const client = port.client();
    const keys = [Uint8Array.of(0), Uint8Array.of(0, 0, 1), Uint8Array.of(0xff, 0xfe, 0), Uint8Array.of(0xc3, 0x28)];
    for (const key of keys) await client.call(KV.method.put, { key, value: key });
    const { kvs } = await client.call(KV.method.range, { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) });
    const sorted = keys.map((key) => Buffer.from(key).toString('hex')).sort();
    expect(kvs.map(({ key }) => Buffer.from(key).toString('hex'))).toEqual(sorted);
    expect(kvs.map(({ value }) => Buffer.from(value).toString('hex'))).toEqual(sorted);
  });

  it('in a range that goes backwards are none', async () => {
    const client = port.client();
    await client.call(KV.method.put, { key: bytesOf('m') });
    const range = { key: bytesOf('z'), rangeEnd: bytesOf('a') };
    expect((await client.call(KV.method.range, range)).count).toBe(0n);
    expect((await client.call(KV.method.range, { ...range, revision: 1n })).count).toBe(0n);
    expect((await client.call(KV.method.deleteRange, range)).deleted).toBe(0n);
    expect((await client.call(KV.method.range, { key: bytesOf('m') })).count).toBe(1n);
  });

  it('of any length get an answer', async () => {
    const key = new Uint8Array(100_000).fill(107);
    expect(await refusalOf(port.client().call(KV.method.put, { key }))).toMatch(/^(OK|3 )/);
    expect(await refusalOf(port.client().call(KV.method.range, { key }))).toMatch(/^(OK|3 )/);
    expect(await refusalOf(port.client().call(KV.method.deleteRange, { key }))).toMatch(/^(OK|3 )/);
    await assertServes();
  });

  it.each([-1n, INT64_MIN, INT64_MAX, 2n ** 53n, 2n])('a range at the revision %s gets an answer', async (revision) => {
    const call = port.client().call(KV.method.range, { key: bytesOf('k'), revision });
    const text = revision < 0n ? 'OK' : '11 etcdserver: mvcc: required revision is a future revision';
    expect(await refusalOf(call)).toBe(text);
  });

  it.each([-1n, INT64_MIN, INT64_MAX])('a range with the limit %s gets an answer', async (limit) => {
    const client = port.client();
    await client.call(KV.method.put, { key: bytesOf('m') });
    expect((await client.call(KV.method.range, { key: bytesOf('m'), limit })).kvs).toHaveLength(1);
    const bounds = { minModRevision: INT64_MIN, maxModRevision: INT64_MAX, maxCreateRevision: INT64_MAX };
    expect((await client.call(KV.method.range, { key: bytesOf('m'), ...bounds })).count).toBe(1n);
  });

  it('an order that does not exist is refused', async () => {
    const range = { key: bytesOf('m') };
    const refusal = '3 etcdserver: invalid sort option';
    // `as`: numbers that no client of this library can send.
    expect(
      await refusalOf(port.client().call(KV.method.range, { ...range, sortOrder: 77 as RangeRequest_SortOrder })),
    ).toBe(refusal);
    expect(
      await refusalOf(port.client().call(KV.method.range, { ...range, sortTarget: -1 as RangeRequest_SortTarget })),
    ).toBe(refusal);
  });
});

describe('transactions', () => {
  const put = (key: string) => ({ request: { case: 'requestPut' as const, value: { key: bytesOf(key) } } });

  it('have at most 128 operations', async () => {
    const success = (count: number) => Array.from({ length: count }, (_, index) => put(`k${index}`));
    expect(await refusalOf(port.client().call(KV.method.txn, { success: success(129) }))).toBe(TOO_MANY);
    expect(await refusalOf(port.client().call(KV.method.txn, { failure: success(129) }))).toBe(TOO_MANY);
    const compare = Array.from({ length: 129 }, () => ({ key: bytesOf('k') }));
    expect(await refusalOf(port.client().call(KV.method.txn, { compare }))).toBe(TOO_MANY);
    expect(await refusalOf(port.client().call(KV.method.txn, { success: success(128) }))).toBe('OK');
  });

  it('nested deeply get an answer', async () => {
    // Made of bytes: to encode thousands of levels takes more stack than there is.
    const nested = (depth: number): Uint8Array => {
      let bytes = toBinary(TxnRequestSchema, create(TxnRequestSchema, { success: [put('deep')] }));
      for (let level = 0; level < depth; level++) {
        // `RequestOp.request_txn` in `TxnRequest.success`.
        for (const field of [4, 2])
          bytes = new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(bytes).finish();
      }
      return bytes;
    };
    const answers: string[] = [];
    for (const depth of [20, 90, 3_000]) {
      answers.push(await refusalOf(port.client().raw('/etcdserverpb.KV/Txn', nested(depth))));
    }
    const unreadable = expect.stringMatching(/^13 grpc: error unmarshalling request: /);
    expect(answers).toEqual(['OK', unreadable, unreadable]);
    await assertServes();
  });

  it('with an empty operation, a key twice or unknown comparisons are refused', async () => {
    const client = port.client();
    expect(await refusalOf(client.call(KV.method.txn, { success: [{}] }))).toBe('3 etcdserver: key not found');
    expect(await refusalOf(client.call(KV.method.txn, { success: [put('k'), put('k')] }))).toBe(
      '3 etcdserver: duplicate key given in txn request',
    );
    const key = bytesOf('k');
    for (const compare of [
      { key, result: 99 },
      { key, target: 99 },
      { key, target: -1 },
    ]) {
      expect(await refusalOf(client.call(KV.method.txn, { compare: [compare] }))).toMatch(/^(OK|3 )/);
    }
    for (const operand of [INT64_MAX, INT64_MIN]) {
      const compare = [{ key, target: 2, targetUnion: { case: 'modRevision' as const, value: operand } }];
      expect((await client.call(KV.method.txn, { compare })).succeeded).toBe(false);
    }
    await assertServes();
  });
});

describe('leases', () => {
  it.each([INT64_MAX, INT64_MIN, -1n, 1n, 2n ** 53n])('of the id %s live like others', async (ID) => {
    const client = port.client();
    const granted = await client.call(Lease.method.leaseGrant, { ID, TTL: 60n });
    expect(granted.ID).toBe(ID);
    expect(await refusalOf(client.call(Lease.method.leaseGrant, { ID, TTL: 60n }))).toBe(
      '9 etcdserver: lease already exists',
    );
    await client.call(KV.method.put, { key: bytesOf('k'), lease: ID });
    expect((await client.call(KV.method.range, { key: bytesOf('k') })).kvs[0]?.lease).toBe(ID);
    expect((await client.call(Lease.method.leaseTimeToLive, { ID, keys: true })).keys).toHaveLength(1);
    expect((await client.call(Lease.method.leaseLeases, {})).leases.map((lease) => lease.ID)).toEqual([ID]);
    await client.call(Lease.method.leaseRevoke, { ID });
    expect((await client.call(KV.method.range, { key: bytesOf('k') })).count).toBe(0n);
  });

  it('that do not exist are refused', async () => {
    const client = port.client();
    for (const ID of [INT64_MAX, INT64_MIN, -5n, 12_345n]) {
      expect(await refusalOf(client.call(KV.method.put, { key: bytesOf('k'), lease: ID }))).toBe(LEASE_NOT_FOUND);
      expect(await refusalOf(client.call(Lease.method.leaseRevoke, { ID }))).toBe(LEASE_NOT_FOUND);
      expect((await client.call(Lease.method.leaseTimeToLive, { ID })).TTL).toBe(-1n);
    }
    expect(await refusalOf(client.call(Lease.method.leaseRevoke, { ID: 0n }))).toBe(LEASE_NOT_FOUND);
    await assertServes();
  });

  it.each([
    [0n, 'OK'],
    [-1n, 'OK'],
    [INT64_MIN, 'OK'],
    [INT64_MAX, '11 etcdserver: too large lease TTL'],
    [9_000_000_001n, '11 etcdserver: too large lease TTL'],
  ])('for %s seconds get an answer', async (TTL, refusal) => {
    expect(await refusalOf(port.client().call(Lease.method.leaseGrant, { TTL }))).toBe(refusal);
  });
});

describe('credentials', () => {
  it('that are missing, wrong or huge are refused', async () => {
    const range = { key: bytesOf('k') };
    expect(await refusalOf(port.stranger().call(KV.method.range, range))).toBe('3 etcdserver: user name is empty');
    expect(await refusalOf(port.client('wrong').call(KV.method.range, range))).toBe(
      '16 etcdserver: invalid auth token',
    );
    expect(await refusalOf(port.client('nowhere/wrong').call(KV.method.range, range))).toBe(
      '16 etcdserver: invalid auth token',
    );
    expect(await refusalOf(port.client('x'.repeat(20_000)).call(KV.method.range, range))).toMatch(/^16 /);
    expect(await refusalOf(port.client('x'.repeat(200_000)).call(KV.method.range, range))).toMatch(/^(8|13|14) /);
    await assertServes();
  });

  it('a namespace that does not exist is refused', async () => {
    const token = 'nowhere/test-root-token-0123456789abcdefghijklmnop';
    expect(await refusalOf(port.client(token).call(KV.method.range, { key: bytesOf('k') }))).toMatch(/^9 /);
  });

  it('[A8] that are wrong get one text however many there are, and do not lock out a client with a valid token', async () => {
    const client = port.stranger();
    const refusals = new Set<string>();
    for (let attempt = 0; attempt < 100; attempt++) {
      const password = `wrong ${attempt}`;
      refusals.add(await refusalOf(client.call(Auth.method.authenticate, { name: 'root', password })));
      refusals.add(await refusalOf(port.client(password).call(KV.method.range, { key: bytesOf('k') })));
    }
    expect([...refusals]).toEqual([
      '3 etcdserver: authentication failed, invalid user ID or password',
      '16 etcdserver: invalid auth token',
    ]);
    const password = 'test-root-token-0123456789abcdefghijklmnop';
    expect(await refusalOf(client.call(Auth.method.authenticate, { name: 'root', password }))).toBe('OK');
    await assertServes();
  });

  it('without a name or with a name of any kind get an answer', async () => {
    const client = port.stranger();
    const password = 'test-root-token-0123456789abcdefghijklmnop';
    expect(await refusalOf(client.call(Auth.method.authenticate, { password }))).toBe(
      '3 etcdserver: user name is empty',
    );
    for (const name of ['/', '/x', 'a/b/c', '\u0000', 'x'.repeat(10_000), 'ns=x,y']) {
      expect(await refusalOf(client.call(Auth.method.authenticate, { name, password }))).toMatch(/^(OK|3 |9 )/);
    }
    await assertServes();
  });
});
