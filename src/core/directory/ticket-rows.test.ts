import { expect, it } from 'vitest';
import { HandDisk } from '../../../test/fixtures/hand-disk';
import { prepareDirectory } from './tables';
import { TicketRows } from './ticket-rows';

it('[A26] keeps no ticket that was taken, has ended, or whose token has', () => {
  const disk = new HandDisk();
  prepareDirectory(disk);
  const tickets = new TicketRows(disk);
  for (const [digest, token, endsAt] of [
    ['a', 't', 10],
    ['b', 't', 20],
    ['c', 't', 20],
    ['d', 'u', 20],
  ] as const) {
    tickets.add(digest, token, endsAt);
  }
  expect(tickets.take('a', 10), 'too late').toBeUndefined();
  expect(tickets.take('b', 19)).toBe('t');
  expect(tickets.take('b', 19)).toBeUndefined();
  expect(tickets.count('t', 19)).toBe(1);
  expect(tickets.count('t', 20)).toBe(0);
  tickets.removeOf('u');
  expect(disk.rows('SELECT digest FROM ticket')).toEqual([]);
});
