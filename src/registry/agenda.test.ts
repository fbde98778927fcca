import { describe, expect, it } from 'vitest';
import { key } from '../../test/fixtures/definition';
import { Agenda, type Duty } from './agenda';

const drain = (id: string): Duty => ({ kind: 'drain', key: key(id) });

describe('Agenda', () => {
  it('has nothing to do in the beginning', () => {
    const agenda = new Agenda();
    expect(agenda.earliestDeadline).toBe(Number.POSITIVE_INFINITY);
    expect(agenda.take(1e15, 10)).toEqual([]);
  });

  it('gives what is due, earliest first, and keeps the rest', () => {
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

  it('[L14] gives no more than it is asked for, and says that more is due', () => {
    const agenda = new Agenda();
    for (const [index, id] of ['a', 'b', 'c'].entries()) agenda.set(drain(id), index);
    expect(agenda.take(10, 2)).toEqual([drain('a'), drain('b')]);
    expect(agenda.earliestDeadline).toBe(2);
    expect(agenda.take(10, 2)).toEqual([drain('c')]);
  });

  it('has a duty once, at the time it was last set to', () => {
    const agenda = new Agenda();
    agenda.set(drain('a'), 10);
    agenda.set(drain('a'), 20);
    expect(agenda.take(10, 10)).toEqual([]);
    expect(agenda.earliestDeadline).toBe(20);
    agenda.set(drain('a'), 5);
    expect(agenda.take(20, 10)).toEqual([drain('a')]);
  });

  it('tells duties apart by what they are and by whose', () => {
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
