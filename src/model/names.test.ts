import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NAME_MAX_BYTES } from './limits';
import {
  ClusterName,
  GroupName,
  InstanceId,
  isNamespaceId,
  isPlainName,
  NamespaceId,
  PLAIN_NAMED,
  ServiceName,
  ShortName,
  StoredGroupName,
  StoredServiceName,
  utf8Length,
} from './names';

const NAMES = { GroupName, ServiceName, StoredGroupName, StoredServiceName, InstanceId, ClusterName, ShortName };

const problem = (schema: typeof InstanceId, value: unknown): string | undefined =>
  schema.safeParse(value).error?.issues[0]?.message;

describe('utf8Length', () => {
  it('counts the bytes that the encoder writes', () => {
    const encoder = new TextEncoder();
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(utf8Length(text)).toBe(encoder.encode(text).byteLength);
      }),
    );
  });
});

describe.each(Object.entries(NAMES))('%s', (_, schema) => {
  it('accepts texts unchanged', () => {
    for (const name of [
      'orders',
      '10.0.0.7:8080',
      'a/b',
      'größe',
      '订单',
      '🦆',
      ' ',
      '%2F',
      '__proto__',
      'constructor',
      '...',
    ]) {
      expect(schema.parse(name), JSON.stringify(name)).toBe(name);
    }
  });

  it('refuses invalid texts', () => {
    for (const name of [
      '',
      '.',
      '..',
      'a\u0000b',
      'a\nb',
      'a\u007f',
      'a\u0085',
      '\ud800',
      7,
      null,
      undefined,
      {},
      [[]],
    ]) {
      expect(schema.safeParse(name).success, JSON.stringify(name)).toBe(false);
    }
  });

  it('[R14] accepts a name at its byte limit, and refuses a longer one', () => {
    expect(schema.safeParse('a'.repeat(NAME_MAX_BYTES)).success).toBe(true);
    expect(schema.safeParse('a'.repeat(NAME_MAX_BYTES + 1)).success).toBe(false);
    expect(schema.safeParse('ü'.repeat(NAME_MAX_BYTES / 2)).success).toBe(true);
    expect(schema.safeParse(`${'ü'.repeat(NAME_MAX_BYTES / 2)}ab`).success).toBe(false);
  });
});

it('[A50] @@ is reserved for group@@service', () => {
  expect(problem(GroupName, 'a@@b')).toContain('must not contain "@@"');
  expect(problem(ServiceName, 'a@@b')).toContain('must not contain "@@"');
  expect(problem(GroupName, 'a@')).toBe('a group name must not end in "@"');
  for (const name of ['a@b', '@a']) expect(GroupName.parse(name)).toBe(name);
  for (const name of ['a@', '@a', '@scope/a']) expect(ServiceName.parse(name)).toBe(name);
});

it('[A51] names of earlier versions are accepted where nothing is created', () => {
  expect(StoredGroupName.parse('a@')).toBe('a@');
  expect(StoredServiceName.parse('a@@b')).toBe('a@@b');
  expect(problem(StoredGroupName, 'a@@b')).toContain('must not contain "@@"');
});

it('messages describe what is wrong with a name', () => {
  expect(problem(InstanceId, 'x'.repeat(10_000))).toBe('an instance id must be at most 255 bytes of UTF-8');
  expect(problem(ServiceName, '..')).toBe('a service name must not be "." or ".."');
});

describe('NamespaceId', () => {
  it('accepts valid ids', () => {
    for (const id of ['public', 'A-b_9', 'x'.repeat(64)]) {
      expect(NamespaceId.parse(id), JSON.stringify(id)).toBe(id);
    }
  });
  it('refuses invalid ids', () => {
    for (const id of ['', 'x'.repeat(65), 'a.b', 'a b', 'ä', 'a/b', '*']) {
      expect(NamespaceId.safeParse(id).success, JSON.stringify(id)).toBe(false);
    }
  });
});

describe('fast checks of a name', () => {
  const name = fc.oneof(
    fc.stringMatching(/^[A-Za-z0-9_.:@-]{0,70}$/),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('a.b', 'a:b', '.', '..', 'a\n', 'public'),
  );

  it('return for the id of a namespace what its schema returns', () => {
    fc.assert(
      fc.property(name, (text) => {
        expect(isNamespaceId(text)).toBe(NamespaceId.safeParse(text).success);
      }),
      { numRuns: 1_000 },
    );
  });

  it('recognize no name that its schema would refuse or change', () => {
    expect(PLAIN_NAMED).toEqual(new Set(Object.values(NAMES)));
    fc.assert(
      fc.property(name, (text) => {
        if (!isPlainName(text)) return;
        for (const schema of Object.values(NAMES)) expect(schema.parse(text)).toBe(text);
      }),
      { numRuns: 1_000 },
    );
  });
});
