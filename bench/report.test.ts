import { describe, expect, it } from 'vitest';
import { reached } from './figure';
import { formatNumber, type HomeFinding, renderReport, renderTable } from './report';

const heartbeat: HomeFinding = {
  home: 'workerd',
  figure: 'heartbeat',
  title: 'Heartbeat',
  unit: 'requests/s',
  value: { median: 11_400, least: 10_000.4, most: 12_000 },
  floor: { name: 'noop', value: { median: 12_000, least: 11_000, most: 12_500 } },
  processorUs: { median: 250, least: 240, most: 260 },
  ratio: { median: 0.951, least: 0.9, most: 0.99 },
  goal: { of: 'ratio', atLeast: 0.9 },
};

const heap: HomeFinding = {
  home: 'workerd',
  figure: 'heap',
  title: 'Heap',
  unit: 'B',
  value: { median: 640, least: 640, most: 640 },
  goal: { of: 'value', atMost: 600 },
  note: 'after collection',
};

const SETTING = {
  date: '2026-11-20',
  cores: 2,
  processor: 'Any',
  load: 0.1,
  deno: '2.9.5',
  node: '24.21.0',
  workerd: '1.2',
  rounds: 9,
  leftOut: [],
  seconds: 1,
};

describe('report', () => {
  it('renders a figure with its floor, ratio, goal and processor time', () => {
    expect(renderTable([heartbeat]).split('\n')[2]).toBe(
      '| Heartbeat | 11,400 [10,000..12,000] requests/s<br>0.95 [0.90..0.99] × noop (12,000 [11,000..12,500]), goal ≥ 0.900: yes<br>250 µs of processor |',
    );
  });

  it('renders a single value without brackets and marks a missed goal', () => {
    expect(renderTable([heap]).split('\n')[2]).toBe('| Heap | 640 B, goal ≤ 600 B: **no** |');
  });

  it('omits goal and verdict where there is no goal', () => {
    const { goal: _goal, ...plain } = heap;
    expect(renderTable([plain]).split('\n')[2]).toBe('| Heap | 640 B |');
  });

  it('shows measurements from several homes side by side', () => {
    const { goal: _goal, ...plain } = heap;
    const table = renderTable([{ ...plain, home: 'deno', value: { median: 5, least: 5, most: 5 } }, heartbeat, plain]);
    expect(table.split('\n')[0]).toBe('| Figure | Resident host, Deno | workerd |');
    expect(table).toContain('| Heap | 5 B | 640 B |');
    expect(table).toContain('| Heartbeat |  | 11,400');
  });

  it.each([
    [{ of: 'ratio', atLeast: 0.96 } as const, false],
    [{ of: 'ratio', atMost: 1.3 } as const, true],
    [{ of: 'value', atMost: 11_399 } as const, false],
    [undefined, undefined],
  ])('judges by the median: %o', (goal, verdict) => {
    const { goal: _goal, ...rest } = heartbeat;
    expect(reached(goal === undefined ? rest : { ...rest, goal })).toBe(verdict);
  });

  it('names the machine', () => {
    expect(renderReport(SETTING, [heap])).toContain(
      '2026-11-20, on 2 cores (Any, load 0.10 before), Deno 2.9.5, Node 24.21.0, workerd 1.2',
    );
  });

  it('prints each note once, with the figures it applies to', () => {
    const page = renderReport(SETTING, [heap, { ...heap, title: 'More heap' }, heartbeat]);
    expect(page).toContain('- Heap; More heap: after collection.');
  });

  it.each([
    [1_234.5, '1,235'],
    [12.34, '12.3'],
    [1.234, '1.23'],
    [0.012_34, '0.0123'],
    [3, '3'],
  ])('writes %d as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });
});
