import { describe, expect, it } from 'vitest';
import { Batch, HeartbeatBatch, InstanceKey } from './batch';
import { BATCH_OPERATIONS_MAX_COUNT, HEARTBEAT_INSTANCES_MAX_COUNT } from './limits';

const key = { service: 'orders', id: 'a' };
const place = { address: '10.0.0.7', port: 8080 };

const problems = (operation: unknown): string[] =>
  Batch.safeParse({ operations: [operation] }).error?.issues.map(
    (issue) => `${issue.path.join('.')}: ${issue.code === 'unrecognized_keys' ? issue.keys.join() : issue.message}`,
  ) ?? [];

describe('Batch', () => {
  it('splits each operation into key, precondition and the body of the single call', () => {
    const { operations } = Batch.parse({
      operations: [
        { op: 'register', ...key, ...place, ifAbsent: true },
        { op: 'update', ...key, group: 'g', weight: 2, ifRevision: 7 },
        { op: 'deregister', ...key },
        { op: 'override', ...key, enabled: false },
      ],
    });
    const full = { group: 'DEFAULT_GROUP', ...key };
    expect(operations).toMatchObject([
      {
        op: 'register',
        key: full,
        precondition: { absent: true },
        definition: { ...place, weight: 1, lease: { ttlMs: 30_000 } },
      },
      { op: 'update', key: { ...key, group: 'g' }, precondition: { revision: 7 }, patch: { weight: 2 } },
      { op: 'deregister', key: full },
      { op: 'override', key: full, override: { enabled: false } },
    ]);
    const [register, update] = operations;
    expect(register).not.toHaveProperty('definition.id');
    expect(register).not.toHaveProperty('definition.ifAbsent');
    expect(Object.keys(update?.op === 'update' ? update.patch : {})).toEqual(['weight']);
  });

  it('[R5] refuses unknown members with their path', () => {
    expect(problems({ op: 'register', ...key, ...place, ttl: 30 })).toEqual(['operations.0: ttl']);
    expect(problems({ op: 'register', ...key, ...place, lease: { ttl: 30 } })).toEqual(['operations.0.lease: ttl']);
    expect(problems({ op: 'deregister', ...key, weight: 1 })).toEqual(['operations.0: weight']);
    expect(problems({ op: 'update', ...key, weight: 1, address: 'a' })).toEqual(['operations.0: address']);
    expect(Batch.safeParse({ operations: [{ op: 'deregister', ...key }], atomic: true }).success).toBe(false);
  });

  it('checks the members of an operation against each other, like the single call', () => {
    expect(problems({ op: 'register', ...key, port: 1 })).toEqual([
      'operations.0: an instance needs address and port, or url',
    ]);
    expect(problems({ op: 'update', ...key, ifRevision: 1 })[0]).toContain('a patch changes at least one of');
    expect(problems({ op: 'override', ...key })[0]).toContain('an override sets at least one of');
  });

  it('refuses invalid batches', () => {
    for (const operation of [
      { op: 'destroy', ...key },
      { ...key },
      { op: 'deregister', service: 'orders' },
      { op: 'deregister', ...key, id: '..' },
      { op: 'deregister', ...key, ifRevision: -1 },
      { op: 'deregister', ...key, ifRevision: 1.5 },
      { op: 'deregister', ...key, ifAbsent: false },
      null,
      [[]],
      'register',
    ]) {
      expect(problems(operation), JSON.stringify(operation)).not.toEqual([]);
    }
  });

  it('[R14] accepts one operation up to the limit, and no more', () => {
    const many = (count: number) => ({ operations: Array(count).fill({ op: 'deregister', ...key }) });
    expect(Batch.safeParse(many(BATCH_OPERATIONS_MAX_COUNT)).success).toBe(true);
    expect(Batch.safeParse(many(BATCH_OPERATIONS_MAX_COUNT + 1)).success).toBe(false);
    expect(Batch.safeParse(many(0)).success).toBe(false);
  });
});

describe('HeartbeatBatch', () => {
  it('[R14] accepts one instance up to the limit, and no more', () => {
    const many = (count: number) => ({ instances: Array(count).fill(key) });
    expect(HeartbeatBatch.safeParse(many(HEARTBEAT_INSTANCES_MAX_COUNT)).success).toBe(true);
    expect(HeartbeatBatch.safeParse(many(HEARTBEAT_INSTANCES_MAX_COUNT + 1)).success).toBe(false);
    expect(HeartbeatBatch.safeParse(many(0)).success).toBe(false);
  });
});

it('InstanceKey has the default group, and no other member', () => {
  expect(InstanceKey.parse(key)).toEqual({ group: 'DEFAULT_GROUP', ...key });
  expect(InstanceKey.safeParse({ ...key, name: 'x' }).success).toBe(false);
});
