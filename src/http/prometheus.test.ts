import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Stats } from '../model/stats';
import { prometheusText } from './prometheus';

/** Stats in which every figure is another one, so that a metric that shows the wrong one is seen. */
function distinctStats(): Stats {
  let next = 1_000;
  const fill = (schema: z.ZodType): unknown => {
    if (schema instanceof z.ZodObject) {
      return Object.fromEntries(
        Object.entries(schema.shape).map(([name, member]) => [name, fill(member as z.ZodType)]),
      ); // `as`: of an object schema, members are schemas
    }
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
const text = prometheusText(stats, { version: '1.2.3', commit: 'a"b\\c\n' });
const lines = text.trimEnd().split('\n');

describe('prometheusText', () => {
  it('[H8] is text in the format 0.0.4: each metric has help and type, then its sample', () => {
    expect(text.endsWith('\n')).toBe(true);
    for (let index = 0; index < lines.length; index += 3) {
      const [help = '', type = '', sample = ''] = lines.slice(index, index + 3);
      const name = /^# HELP ([a-z_]+) \S/.exec(help)?.[1] ?? 'none';
      expect(type).toMatch(new RegExp(`^# TYPE ${name} (gauge|counter)$`));
      expect(type.endsWith('counter')).toBe(name.endsWith('_total'));
      expect(sample).toMatch(new RegExp(`^${name}\\{[a-z]+=".*"\\} -?\\d+(\\.\\d+)?$`));
    }
  });

  it('[H8] shows every figure of the stats, once', () => {
    const shown = lines.filter((line) => !line.startsWith('#')).map((line) => Number(line.split(' ').at(-1)));
    expect(figuresOf(stats).filter((figure) => !shown.includes(figure))).toEqual([]);
    expect(new Set(shown).size).toBe(shown.length);
  });

  it('has no name twice', () => {
    const names = lines.filter((line) => line.startsWith('# TYPE'));
    expect(new Set(names).size).toBe(names.length);
  });

  it('escapes what is in labels, and counts in seconds', () => {
    expect(text).toContain('rollcall_build_info{version="1.2.3",commit="a\\"b\\\\c\\n"} 1');
    expect(text).toContain('rollcall_wake_timestamp_seconds{namespace="public"} 1795161600.5');
  });
});
