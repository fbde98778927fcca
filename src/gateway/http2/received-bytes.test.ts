import { expect, it } from 'vitest';
import { HeldBytes } from './held-bytes';
import { ReceivedBytes } from './received-bytes';

it('reads chunks in place, and keeps what is left in a buffer of its own', () => {
  const received = new ReceivedBytes();
  const chunk = Buffer.from('0123456789');
  received.push(chunk);
  const first = received.take(4);
  expect(first.buffer).toBe(chunk.buffer);
  received.keep();
  chunk.fill(0);
  expect([received.size, received.heldBytes]).toEqual([6, 6]);
  received.push(Buffer.from('ab'));
  const second = Buffer.from(received.take(7));
  received.push(Buffer.from('cd'));
  expect(Buffer.concat([second, received.take(3)]).toString()).toBe('456789abcd');
  received.keep();
  expect([received.size, received.heldBytes]).toEqual([0, 0]);
});

it('does not overwrite what was taken', () => {
  const received = new ReceivedBytes();
  received.push(Buffer.from('ab'));
  received.keep();
  for (let round = 0; round < 100; round++) received.push(Buffer.from('cd'));
  const taken = received.take(150);
  received.push(Buffer.from('x'.repeat(500)));
  expect(Buffer.from(taken).toString()).toBe(`ab${'cd'.repeat(74)}`);
});

it('[GR5] takes little more than the bytes themselves, however small the chunks are', () => {
  const received = new ReceivedBytes();
  const socketBuffer = Buffer.alloc(65_536);
  for (let index = 0; index < 100_000; index++) {
    received.push(socketBuffer.subarray(index % 60_000, (index % 60_000) + 1));
    received.keep();
  }
  expect(received.size).toBe(100_000);
  expect(received.heldBytes).toBeLessThan(262_144);
});

it('[GR5] counts what a connection holds for all of them', () => {
  const all = new HeldBytes(100);
  const [one, other] = [new HeldBytes(60, all), new HeldBytes(60, all)];
  expect([one.add(60), one.add(1), one.add(-1)]).toEqual([true, false, true]);
  expect([other.add(40), other.add(1)]).toEqual([true, false]);
  expect([one.add(-60), other.add(1), all.bytes]).toEqual([true, true, 42]);
});
