import { describe, expect, it } from 'vitest';
import type { Override } from '../../client/wire/answers';
import type { WatchedService } from '../../client/wire/frames';
import type { RegisteredInstance } from '../../client/wire/history-answers';
import { changedFields } from './record-diff';

const RECORD: RegisteredInstance = {
  id: 'a',
  group: 'DEFAULT_GROUP',
  service: 'orders',
  cluster: 'DEFAULT',
  address: '10.0.0.1',
  port: 8080,
  ports: { admin: { port: 9090, secure: false } },
  weight: 1,
  status: 'up',
  ephemeral: true,
  metadata: { team: 'core', 'git.sha': 'abc' },
  tags: ['blue', 'http'],
  version: '4.1.0',
  location: { zone: 'eu-1a' },
  lease: { ttlMs: 15_000, removeAfterMs: 30_000, intervalMs: 5_000 },
  extensions: { eureka: { vip: 'orders' } },
  healthy: true,
  owner: 'deploy',
  createdRevision: 3,
  revision: 3,
  changes: 1,
  registeredAt: '2026-11-20T12:00:00.000Z',
  updatedAt: '2026-11-20T12:00:00.000Z',
};

const OVERRIDE: Override = { actor: 'ops', revision: 9, updatedAt: '2026-11-20T12:00:00.000Z' };

/** Formats the changes as `field: before > after`. */
const texts = (...records: Parameters<typeof changedFields>): string[] =>
  changedFields(...records).map(({ field, before, after }) => `${field}: ${before ?? '-'} > ${after ?? '-'}`);

const patched = (patch: Partial<RegisteredInstance>): string[] => texts(RECORD, { ...RECORD, ...patch });

describe('changedFields', () => {
  it('finds nothing in what every change touches', () => {
    expect(patched({ revision: 4, changes: 2, updatedAt: '2026-11-20T13:00:00.000Z' })).toEqual([]);
  });

  it('compares weight, status, version and address, in order of importance', () => {
    expect(patched({ address: '10.0.0.2', version: '4.1.1', weight: 0, status: 'draining', owner: 'other' })).toEqual([
      'status: up > draining',
      'weight: 1 > 0',
      'version: 4.1.0 > 4.1.1',
      'address: 10.0.0.1 > 10.0.0.2',
      'owner: deploy > other',
    ]);
  });

  it('names each entry of the metadata that was added, changed or removed', () => {
    expect(patched({ metadata: { team: 'payments', canary: 'true' } })).toEqual([
      'metadata.canary: - > true',
      'metadata.git.sha: abc > -',
      'metadata.team: core > payments',
    ]);
  });

  it('keeps entries apart whose paths look alike', () => {
    const before = { ...RECORD, extensions: { 'a.b': 1, a: { b: 2 } } };
    expect(texts(before, { ...RECORD, extensions: { 'a.b': 3, a: { b: 2 } } })).toEqual(['extensions.a.b: 1 > 3']);
  });

  it('compares tags, ports, the location and extensions', () => {
    expect(
      patched({
        tags: ['blue'],
        ports: { admin: { port: 9090, secure: true }, metrics: { port: 9100, secure: false } },
        location: { zone: 'eu-1b', latitude: 50 },
        extensions: {},
      }),
    ).toEqual([
      'extensions.eureka.vip: orders > -',
      'location.latitude: - > 50',
      'location.zone: eu-1a > eu-1b',
      'ports.admin.secure: false > true',
      'ports.metrics.port: - > 9100',
      'ports.metrics.secure: - > false',
      'tags: blue, http > blue',
    ]);
  });

  it('compares a lease that is missing on one side', () => {
    expect(patched({ lease: null })).toEqual([
      'lease.intervalMs: 5000 > -',
      'lease.removeAfterMs: 30000 > -',
      'lease.ttlMs: 15000 > -',
    ]);
    expect(patched({ lease: { ttlMs: 15_000, removeAfterMs: null, intervalMs: 5_000 } })).toEqual([
      'lease.removeAfterMs: 30000 > -',
    ]);
  });

  it('lists what an override sets, and what its removal takes back', () => {
    const set: Override = { ...OVERRIDE, enabled: false, weight: 0, quarantine: { reason: 'bad disk' } };
    const expected = ['enabled: - > false', 'quarantine.reason: - > bad disk', 'weight: - > 0'];
    expect(texts(null, set)).toEqual(expected);
    expect(texts(set, null)).toEqual(['enabled: false > -', 'quarantine.reason: bad disk > -', 'weight: 0 > -']);
    expect(texts(set, { ...set, actor: 'other', revision: 12 })).toEqual([]);
  });

  it('reports a quarantine without a reason', () => {
    expect(texts(null, { ...OVERRIDE, quarantine: {} })).toEqual(['quarantine: - > true']);
    expect(texts({ ...OVERRIDE, quarantine: {} }, { ...OVERRIDE, quarantine: { reason: 'disk' } })).toEqual([
      'quarantine.reason: - > disk',
    ]);
  });

  it('compares the settings of a service', () => {
    const service: WatchedService = {
      group: 'g',
      name: 's',
      persistent: true,
      metadata: {},
      protectThreshold: 0,
      revision: 1,
    };
    const selector = { type: 'label', expression: 'zone=a' };
    expect(texts(service, { ...service, protectThreshold: 0.5, selector, revision: 2 })).toEqual([
      'protectThreshold: 0 > 0.5',
      'selector.expression: - > zone=a',
      'selector.type: - > label',
    ]);
  });

  it('shows values that are no text as JSON, and treats an empty list as unset', () => {
    const before = { ...RECORD, extensions: { list: [{ a: 1 }], none: [] } };
    expect(texts(before, { ...RECORD, extensions: { list: [{ a: 2 }] } })).toEqual([
      'extensions.list: [{"a":1}] > [{"a":2}]',
    ]);
  });
});
