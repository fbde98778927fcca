import { expect, it } from 'vitest';
import { RegistryError } from '../../../model/errors';
import { errorFrame, idOf, parseFrame, readFrame } from './client-frame';

it('[W15] the id of a frame is known, whatever else is wrong with it', () => {
  const value = parseFrame('{"type":"dance","id":"7"}');
  expect(idOf(value)).toBe('7');
  expect(() => readFrame(value)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  expect(idOf(parseFrame('{"type":"dance","id":7}'))).toBeUndefined();
  expect(() => parseFrame('{')).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
});

it('[H10] a frame with a key twice is refused, as its readers may differ in which of the two they take', () => {
  expect(() => parseFrame('{"type":"sync","id":"7","watch":"a","watch":"b"}')).toThrow(
    expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('"watch" comes twice') }),
  );
});

it('[W15] a refusal is told with its code and its members, a defect without a word of what it was', () => {
  const errors = [{ path: 'scope', message: 'is missing' }];
  const refusal = new RegistryError('INVALID_REQUEST', 'no', { errors });
  expect(errorFrame(refusal, '1')).toEqual({ type: 'error', id: '1', code: 'INVALID_REQUEST', detail: 'no', errors });
  const defect = errorFrame(new TypeError('a secret'), undefined);
  expect(defect).toMatchObject({ type: 'error', code: 'INTERNAL' });
  expect(JSON.stringify(defect)).not.toContain('secret');
});
