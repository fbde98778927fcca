import { describe, expect, it } from 'vitest';
import { key } from '../../../../test/fixtures/definition';
import { Agenda, type Duty } from './agenda';

const drain = (id: string): Duty => ({ kind: 'drain', key: key(id) });

describe('Agenda', () => {
  it('has nothing to do at first', () => {
    const agenda = new Agenda();
    expect(agenda.earliestDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(agenda.timeOf({ kind: 'import' })).toBe(Number.POSITIVE_INFINITY);
    expect(agenda.take(1e15, 10)).toEqual([]);
  });

  it('returns due work, earliest first, and keeps the rest', () => {
    const agenda = new Agenda();
    agenda.set(drain('c'), 30);
    agenda.set(drain('b'), 20);
    agenda.set(drain('a'), 10);
    expect(agenda.take(9, 10)).toEqual([]);
    expect(agenda.take(20, 10)).toEqual([drain('a'), drain('b')]);
    expect(agenda.take(20, 10)).toEqual([]);
    expect(agenda.earliestDeadline).toBe(30);
    expect(agenda.take(30, 10)).toEqual([drain('c')]);
    expect(agenda.earliestDeadline).toBe(Number.POSITIVE_INFINITY);
  });

  it('[L14] returns at most the requested number, and reports that more is due', () => {
    const agenda = new Agenda();
    for (const [index, id] of ['a', 'b', 'c'].entries()) agenda.set(drain(id), index);
    expect(agenda.take(10, 2)).toEqual([drain('a'), drain('b')]);
    expect(agenda.earliestDeadline).toBe(2);
    expect(agenda.take(10, 2)).toEqual([drain('c')]);
  });

  it('has each duty once, at the time it was last set to', () => {
    const agenda = new Agenda();
    agenda.set(drain('a'), 10);
    agenda.set(drain('a'), 20);
    expect(agenda.take(10, 10)).toEqual([]);
    expect(agenda.earliestDeadline).toBe(20);
    agenda.set(drain('a'), 5);
    expect(agenda.take(20, 10)).toEqual([drain('a')]);
  });

  it('[L10, O5] moves work that follows the wall clock with it, and nothing else', () => {
    const following: Duty[] = [{ kind: 'quarantine', key: key('a') }, { kind: 'compaction' }, { kind: 'sockets' }];
    const others: Duty[] = [
      drain('a'),
      { kind: 'acknowledgements', key: key('a') },
      { kind: 'linger', key: key('a') },
      { kind: 'import' },
      { kind: 'readers' },
    ];
    for (const ms of [-60, 60]) {
      const agenda = new Agenda();
      for (const duty of [...following, ...others]) agenda.set(duty, 100);
      agenda.moveWithClock(ms);
      expect(following.map((duty) => agenda.timeOf(duty))).toEqual(following.map(() => 100 + ms));
      expect(others.map((duty) => agenda.timeOf(duty))).toEqual(others.map(() => 100));
      expect(agenda.earliestDeadline).toBe(Math.min(100, 100 + ms));
      expect(agenda.take(100, 10)).toEqual(ms < 0 ? [...following, ...others] : others);
      expect(agenda.earliestDeadline).toBe(ms < 0 ? Number.POSITIVE_INFINITY : 160);
    }
  });

  it('has a later deadline after all work moved with the wall clock', () => {
    const agenda = new Agenda();
    agenda.moveWithClock(5);
    expect(agenda.earliestDeadline).toBe(Number.POSITIVE_INFINITY);
    agenda.set({ kind: 'compaction' }, 10);
    agenda.moveWithClock(5);
    expect(agenda.earliestDeadline).toBe(15);
    expect(agenda.take(14, 1)).toEqual([]);
    expect(agenda.take(15, 1)).toEqual([{ kind: 'compaction' }]);
  });

  it('distinguishes duties by kind and key', () => {
    const agenda = new Agenda();
    const duties: Duty[] = [
      drain('a'),
      { kind: 'quarantine', key: key('a') },
      { kind: 'linger', key: key('a') },
      { kind: 'drain', key: { ...key('a'), group: 'other' } },
      { kind: 'drain', key: { ...key('a'), service: 'users' } },
      { kind: 'compaction' },
    ];
    for (const duty of duties) agenda.set(duty, 1);
    expect(agenda.take(1, 10)).toHaveLength(duties.length);
  });
});
