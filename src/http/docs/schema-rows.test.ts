import { describe, expect, it } from 'vitest';
import type { ApiDocument, Schema } from './api-document';
import { SchemaRows } from './schema-rows';

const Lease: Schema = {
  type: 'object',
  properties: { ttlMs: { type: 'integer', minimum: 1_000, maximum: 9_000, description: 'Time to live' } },
  required: ['ttlMs'],
};
const document = { components: { schemas: { Lease } } } as unknown as ApiDocument; // `as`: the rest is not looked at
const rows = new SchemaRows(document);
const rowsOf = (schema: Schema) =>
  rows.of(schema).map(({ name, type, required, description }) => [name, type, required, description]);

describe('SchemaRows', () => {
  it('lists members by path, through references, maps, arrays and nullable types', () => {
    const schema: Schema = {
      type: 'object',
      required: ['id'],
      properties: {
        id: { type: 'string' },
        weight: { type: 'number', minimum: 0, default: 1, description: 'Share' },
        lease: { anyOf: [{ $ref: '#/components/schemas/Lease' }, { type: 'null' }] },
        leases: { type: 'array', items: { $ref: '#/components/schemas/Lease' } },
        metadata: { type: 'object', additionalProperties: { type: 'string' } },
      },
    };
    expect(rowsOf(schema)).toEqual([
      ['id', 'string', true, ''],
      ['weight', 'number, at least 0', false, 'Share. Default 1.'],
      ['lease', 'object | null', false, ''],
      ['lease.ttlMs', 'integer, 1,000 to 9,000', true, 'Time to live'],
      ['leases', 'list of object', false, ''],
      ['leases[].ttlMs', 'integer, 1,000 to 9,000', true, 'Time to live'],
      ['metadata', 'object', false, ''],
      ['metadata.<key>', 'string', false, ''],
    ]);
  });

  it('lists alternatives, each after its discriminating constant', () => {
    const operation = (op: string, member: string): Schema => ({
      type: 'object',
      properties: { op: { const: op }, [member]: { type: 'string' } },
    });
    const schema: Schema = {
      type: 'object',
      properties: { operations: { type: 'array', items: { oneOf: [operation('a', 'x'), operation('b', 'y')] } } },
    };
    expect(rowsOf(schema).map(([name]) => name)).toEqual([
      'operations',
      'operations[] (op: a).op',
      'operations[] (op: a).x',
      'operations[] (op: b).op',
      'operations[] (op: b).y',
    ]);
  });

  it('ends at a recursive reference', () => {
    const Loop: Schema = { type: 'object', properties: { next: { $ref: '#/components/schemas/Loop' } } };
    const looped = new SchemaRows({ components: { schemas: { Loop } } } as unknown as ApiDocument); // `as`: as above
    expect(looped.of(Loop).length).toBeLessThan(10);
  });

  it('describes the accepted values', () => {
    expect(rows.typeOf({ enum: ['a', 'b'] })).toBe('"a" | "b"');
    expect(rows.typeOf({ anyOf: [{ type: 'string', format: 'ipv4' }, { type: 'string' }] })).toBe('ipv4 | string');
    expect(rows.typeOf({})).toBe('anything');
  });
});
