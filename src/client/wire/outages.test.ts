import { describe, expect, it, vi } from 'vitest';
import { HandTime } from '../../../test/fixtures/hand-time';
import { Outages } from './outages';
import { RollcallError } from './rollcall-error';

const REFUSED = new RollcallError('UNREACHABLE', 'connect ECONNREFUSED');
const TOO_SLOW = new RollcallError('UNREACHABLE', 'it took longer than 10 s');
const FORBIDDEN = new RollcallError('FORBIDDEN', 'the token lacks a scope');

function stage() {
  const time = new HandTime();
  const warnings: string[] = [];
  const outages = new Outages('http://registry.example', time, (message) =>
    warnings.push(message.replace('http://registry.example: ', '')),
  );
  return { time, outages, takeWarnings: () => warnings.splice(0) };
}

describe('an outage', () => {
  it('is reported once, however often and in however many places an attempt fails', () => {
    const { outages, takeWarnings } = stage();
    const [one, two] = [{}, {}];
    for (const source of [one, two, one]) for (const error of [REFUSED, TOO_SLOW]) outages.failed(source, error, 0);
    expect(takeWarnings()).toEqual(['connect ECONNREFUSED (UNREACHABLE); trying again']);
    outages.worked(one);
    expect(takeWarnings()).toEqual([]);
    outages.worked(two);
    outages.worked(two);
    expect(takeWarnings()).toEqual(['http://registry.example answers again']);
    outages.failed(one, REFUSED, 0);
    expect(takeWarnings()).toHaveLength(1);
  });

  it('is reported again if its kind changes', () => {
    const { outages, takeWarnings } = stage();
    const source = {};
    outages.failed(source, REFUSED, 0);
    outages.failed(source, FORBIDDEN, 0);
    outages.failed(source, FORBIDDEN, 0);
    expect(takeWarnings()).toEqual([
      'connect ECONNREFUSED (UNREACHABLE); trying again',
      'the token lacks a scope (FORBIDDEN); trying again',
    ]);
  });

  it('is not reported if the connection is restored in time', () => {
    const { time, outages, takeWarnings } = stage();
    const source = {};
    outages.failed(source, REFUSED, 2_000);
    time.advance(1_999);
    outages.worked(source);
    time.advance(10_000);
    expect([takeWarnings(), time.timers]).toEqual([[], 0]);
  });

  it('is reported after that time, or with the next failed attempt', () => {
    const { time, outages, takeWarnings } = stage();
    const [one, two] = [{}, {}];
    outages.failed(one, REFUSED, 2_000);
    time.advance(2_000);
    expect(takeWarnings()).toHaveLength(1);
    outages.worked(one);
    takeWarnings();
    outages.failed(two, REFUSED, 2_000);
    outages.failed(two, TOO_SLOW, 0);
    expect(takeWarnings()).toEqual(['it took longer than 10 s (UNREACHABLE); trying again']);
    time.advance(10_000);
    expect([takeWarnings(), time.timers]).toEqual([[], 0]);
  });

  it('names the url, whatever the error says', () => {
    const messages: string[] = [];
    const outages = new Outages('http://registry.example', new HandTime(), (message) => messages.push(message));
    outages.ended('orders', FORBIDDEN);
    expect(messages).toEqual([
      'http://registry.example: the watch of orders has ended: the token lacks a scope (FORBIDDEN)',
    ]);
  });

  it('is forgotten with the watch that failed', () => {
    const { time, outages, takeWarnings } = stage();
    const source = {};
    outages.failed(source, REFUSED, 2_000);
    outages.closed(source);
    outages.worked(source);
    time.advance(10_000);
    expect([takeWarnings(), time.timers]).toEqual([[], 0]);
  });
});

it('a listener of warnings that throws stops nothing', () => {
  const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
  const thrown = new RangeError('no log');
  const outages = new Outages('http://registry.example', new HandTime(), () => {
    throw thrown;
  });
  outages.failed({}, REFUSED, 0);
  expect(logged).toHaveBeenCalledWith(expect.any(String), thrown);
  logged.mockRestore();
});
