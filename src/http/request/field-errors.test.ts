import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { RegistryError } from '../../model/errors';
import { withFastPath } from '../../model/fast-path';
import { FIELD_ERRORS_MAX_COUNT } from '../../model/limits';
import { parsed } from './field-errors';

const Schema = z.strictObject({
  name: z.string(),
  lease: z.strictObject({ ttlMs: z.int().min(1_000) }).optional(),
  list: z.array(z.strictObject({ id: z.string() })).optional(),
});

const refusal = (value: unknown): RegistryError => {
  try {
    return expect.unreachable(JSON.stringify(parsed(Schema, value, 'body')));
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
};

describe('parsed', () => {
  it('returns the result of the schema', () => {
    expect(parsed(Schema, { name: 'a' }, 'body')).toEqual({ name: 'a' });
  });

  it('[H3] names each invalid member by path, with its value', () => {
    const { code, message, details } = refusal({
      name: 7,
      lease: { ttlMs: 1, ttl: 2 },
      list: [{ id: 'a' }, { id: null }],
      x: 1,
    });
    expect(code).toBe('INVALID_REQUEST');
    expect(details.errors).toEqual([
      { path: 'name', message: 'Invalid input: expected string, received number, got 7' },
      { path: 'lease.ttlMs', message: 'Too small: expected number to be >=1000, got 1' },
      { path: 'lease.ttl', message: 'is unknown; check its spelling' },
      { path: 'list.1.id', message: 'Invalid input: expected string, received null, got null' },
      { path: 'x', message: 'is unknown; check its spelling' },
    ]);
    expect(message).toBe(
      'in the body: name: Invalid input: expected string, received number, got 7 (and 4 more, see errors)',
    );
  });

  it('reports an invalid value as a whole', () => {
    expect(refusal([]).message).toBe('in the body: Invalid input: expected object, received array');
  });

  it('reports the first of many errors, and shortens names of unknown members', () => {
    const many = Object.fromEntries(
      Array.from({ length: 1_000 }, (_, index) => [`${'k'.repeat(10_000)}${index}`, index]),
    );
    const { errors } = refusal({ name: 'a', ...many }).details;
    expect(errors).toHaveLength(FIELD_ERRORS_MAX_COUNT);
    expect(JSON.stringify(errors).length).toBeLessThan(5_000);
  });
});

it('uses the fast path of a schema', () => {
  expect(
    parsed(
      withFastPath(z.string(), () => 'known'),
      'x',
      'body',
    ),
  ).toBe('known');
});
