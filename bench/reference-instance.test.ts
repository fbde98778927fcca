import { describe, expect, it } from 'vitest';
import { InstanceDefinition } from '../src/model/instance';
import { referenceInstance } from './reference-instance';

describe('referenceInstance', () => {
  it('is the one in the design: IPv4, port, three metadata entries of 20 bytes, one tag', () => {
    const instance = InstanceDefinition.parse(referenceInstance(12_345));
    expect(instance.address).toMatch(/^10\.\d{3}\.\d{3}\.\d{3}$/);
    expect(instance.port).toBe(8080);
    expect(Object.values(instance.metadata).map((value) => value.length)).toEqual([20, 20, 20]);
    expect(instance.tags).toHaveLength(1);
  });

  it('gives each of 100,000 instances its own address', () => {
    const addresses = Array.from({ length: 100_000 }, (_, n) => referenceInstance(n).address);
    expect(new Set(addresses).size).toBe(100_000);
  });

  it('changes with its generation and keeps its length', () => {
    const first = JSON.stringify(referenceInstance(1));
    const second = JSON.stringify(referenceInstance(1, { generation: 7 }));
    expect(second).not.toBe(first);
    expect(second).toHaveLength(first.length);
  });
});
