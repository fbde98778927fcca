import { describe, expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { ERRAND_RETRY_MAX_MS, ERRAND_RETRY_MIN_MS } from '../../model/limits';
import { ErrandRows } from './errand-rows';
import { prepareDirectory } from './tables';

function begin() {
  const disk = new HandDisk();
  prepareDirectory(disk);
  return new ErrandRows(disk);
}

describe('ErrandRows', () => {
  it('keeps an errand until its last request is delivered', () => {
    const errands = begin();
    errands.add('a', 'configure', 10);
    const underWay = errands.of('a');
    errands.add('a', 'configure', 20);
    errands.remove(underWay);
    expect(errands.of('a')).toEqual([{ ns: 'a', kind: 'configure', token: '', round: 2, attempts: 0 }]);
    errands.remove(errands.of('a'));
    expect(errands.nextDue).toBeUndefined();
  });

  it('lists the namespaces with due errands, longest due first', () => {
    const errands = begin();
    errands.add('a', 'configure', 30);
    errands.add('b', 'close-sockets', 10, 't');
    errands.add('b', 'close-sockets', 20, 'u');
    errands.add('c', 'erase', 20);
    expect(errands.nextDue).toBe(10);
    expect(errands.dueBy(9, 10)).toEqual([]);
    expect(errands.dueBy(29, 10)).toEqual(['b', 'c']);
    expect(errands.dueBy(30, 10)).toEqual(['b', 'c', 'a']);
    expect(errands.dueBy(30, 1)).toEqual(['b']);
  });

  it('[A30] doubles the delay after each failure, up to a limit', () => {
    const errands = begin();
    errands.add('a', 'erase', 0);
    const delays: number[] = [];
    for (let count = 0; count < 12; count++) {
      errands.postpone(errands.of('a'), 1_000);
      delays.push((errands.nextDue ?? 0) - 1_000);
    }
    expect(delays.slice(0, 4)).toEqual([1, 2, 4, 8].map((times) => times * ERRAND_RETRY_MIN_MS));
    expect(delays.at(-1)).toBe(ERRAND_RETRY_MAX_MS);
    errands.add('a', 'erase', 5);
    expect(errands.of('a')).toMatchObject([{ attempts: 0 }]);
  });
});
