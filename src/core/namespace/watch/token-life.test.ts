import { expect, it } from 'vitest';
import { socketPurpose } from '../../../../test/fixtures/socket-purpose';
import { SOCKET_TOKENS_CHECK_INTERVAL_MS } from '../../../model/limits';
import { newMemory } from './connection-memory';
import { dueAt, hasExpired } from './token-life';

const memoryOf = (tokenId: string, expiresAt?: number) =>
  newMemory(socketPurpose({ caller: { tokenId }, expiresAt }), 1_000);

it('[A44] dueAt is when a token ends, or is to be asked about; root is asked about never', () => {
  expect(dueAt(memoryOf('t'))).toBe(1_000 + SOCKET_TOKENS_CHECK_INTERVAL_MS);
  expect(dueAt(memoryOf('t', 5_000))).toBe(5_000);
  expect(dueAt(memoryOf('root'))).toBe(Number.POSITIVE_INFINITY);
});

it('[A44] hasExpired is true from the time on that a token ends at', () => {
  const memory = memoryOf('t', 5_000);
  expect([hasExpired(memory, 4_999), hasExpired(memory, 5_000), hasExpired(memoryOf('t'), 9e15)]).toEqual([
    false,
    true,
    false,
  ]);
});
