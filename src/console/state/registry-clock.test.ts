import { afterEach, expect, it, vi } from 'vitest';
import { noteTime, registryNow } from './registry-clock';

const NOON = Date.parse('2026-11-20T12:00:00Z');

const answered = (at: number) => noteTime(new Response(null, { headers: { Date: new Date(at).toUTCString() } }));

afterEach(() => void vi.useRealTimers());

it('the time of the registry is that of its responses, whatever the clock of the browser', () => {
  vi.useFakeTimers({ now: NOON - 3_600_000 });
  answered(NOON);
  expect(Math.abs(registryNow() - NOON)).toBeLessThan(1_000);
  vi.advanceTimersByTime(60_000);
  expect(Math.abs(registryNow() - NOON - 60_000)).toBeLessThan(1_000);
});

it('clocks that differ by less than the header can show agree', () => {
  vi.useFakeTimers({ now: NOON + 900 });
  answered(NOON);
  expect(registryNow()).toBe(NOON + 900);
});

it('a response without a time changes nothing', () => {
  vi.useFakeTimers({ now: NOON - 3_600_000 });
  answered(NOON);
  noteTime(new Response(null));
  expect(Math.abs(registryNow() - NOON)).toBeLessThan(1_000);
});
