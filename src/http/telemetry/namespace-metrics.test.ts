import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Cause } from '../../model/history';
import { Stats } from '../../model/stats';
import { namespaceMetrics } from './namespace-metrics';

/** Stats in which every figure is another one, so that a metric that shows the wrong one is seen. */
function distinctStats(): Stats {
  let next = 1_000;
  const fill = (schema: z.ZodType): unknown => {
    if (schema instanceof z.ZodObject) {
      return Object.fromEntries(
        Object.entries(schema.shape).map(([name, member]) => [name, fill(member as z.ZodType)]),
      ); // `as`: of an object schema, members are schemas
    }
    if (schema instanceof z.ZodOptional) return fill(schema.unwrap() as z.ZodType); // `as`: it wraps a schema
    if (schema instanceof z.ZodRecord) {
      return Object.fromEntries(Cause.options.map((cause) => [cause, ++next]));
    }
    // A list of tokens is no metric: a label for each would be too many.
    if (schema instanceof z.ZodArray) return [];
    if (schema instanceof z.ZodNumber) return ++next;
    return schema instanceof z.ZodISODateTime ? '2026-11-20T08:00:00.500Z' : 'text';
  };
  return Stats.parse(fill(Stats));
}

function figuresOf(value: unknown): number[] {
  if (typeof value === 'number') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(figuresOf) : [];
}

const stats = distinctStats();
const families = namespaceMetrics(new Map([['public', stats]]));

describe('namespaceMetrics', () => {
  it('[H8] exports every figure of the stats, once', () => {
    const shown = families.flatMap(({ samples }) => samples.map(({ value }) => value));
    expect(figuresOf(stats).filter((figure) => !shown.includes(figure))).toEqual([]);
    expect(new Set(shown).size).toBe(shown.length - 1); // both times are the same in these stats
  });

  it('has unique names, and `total` in the names of counters only', () => {
    expect(new Set(families.map(({ name }) => name)).size).toBe(families.length);
    for (const { name, type } of families) expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
  });

  it('[H8] has each metric once, with the samples of all namespaces', () => {
    const both = namespaceMetrics(new Map(['a', 'b'].map((id) => [id, stats])));
    expect(both.map(({ name }) => name)).toEqual(families.map(({ name }) => name));
    const instances = both.find(({ name }) => name === 'rollcall_instances');
    expect(instances?.samples.map(({ labels }) => labels.namespace)).toEqual(['a', 'b']);
  });

  it('converts durations to seconds, and counts removals by cause', () => {
    const samplesOf = (wanted: string) => families.find(({ name }) => name === wanted)?.samples;
    const labels = { namespace: 'public' };
    expect(samplesOf('rollcall_wake_timestamp_seconds')).toEqual([{ labels, value: 1795161600.5 }]);
    expect(samplesOf('rollcall_instances_removed_total')?.map((sample) => sample.labels.cause)).toEqual(Cause.options);
  });
});
