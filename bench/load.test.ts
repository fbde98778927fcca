import { describe, expect, it } from 'vitest';
import { parseLoadResult } from './load';

function output(errors: Partial<Record<'connect' | 'read' | 'write' | 'status' | 'timeout', number>> = {}): string {
  const all = { connect: 0, read: 0, write: 0, status: 0, timeout: 0, ...errors };
  const result = { requests: 3_000, durationUs: 1_500_000, latencyUs: { median: 1_250, p99: 9_000 }, errors: all };
  return `Running 1s test @ http://127.0.0.1:1\n  1 threads and 32 connections\nRESULT ${JSON.stringify(result)}\n`;
}

describe('parseLoadResult', () => {
  it('reads the rate and the latencies from the output of wrk', () => {
    expect(parseLoadResult(output())).toEqual({
      requests: 3_000,
      perSecond: 2_000,
      latencyMs: { median: 1.25, p99: 9 },
    });
  });

  it.each(['connect', 'read', 'write', 'status', 'timeout'] as const)('refuses a run with %s errors', (kind) => {
    expect(() => parseLoadResult(output({ [kind]: 2 }))).toThrow(`wrk saw failures: 2 ${kind}`);
  });

  it('reports a run without a response', () => {
    expect(parseLoadResult(output().replace('"requests":3000', '"requests":0')).requests).toBe(0);
  });

  it('refuses output without a result and quotes it', () => {
    expect(() => parseLoadResult('unable to connect to 127.0.0.1:1')).toThrow('unable to connect');
  });
});
