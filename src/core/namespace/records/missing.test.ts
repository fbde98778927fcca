import { expect, it } from 'vitest';
import { key } from '../../../../test/fixtures/definition';
import { missingInstance, missingOverride, missingService, unknownInstance } from './missing';

it('errors say what is missing, and what to do', () => {
  for (const [error, code, words] of [
    [missingInstance(key('a')), 'INSTANCE_NOT_FOUND', ['"a"', '"orders"', '"DEFAULT_GROUP"', 'register it again']],
    [unknownInstance(key('a'), undefined), 'INSTANCE_NOT_FOUND', ['"a"', 'register it again']],
    [unknownInstance(key('a'), '2030-01-01T00:00:00.000Z'), 'INSTANCE_NOT_FOUND', ['"a"', 'restored at 2030-01-01T']],
    [missingOverride(key('a')), 'INSTANCE_NOT_FOUND', ['"a"', '"orders"', 'PUT an override']],
    [missingService(key('a')), 'SERVICE_NOT_FOUND', ['"orders"', '"DEFAULT_GROUP"', 'by PUT']],
  ] as const) {
    expect(error.code, error.message).toBe(code);
    for (const word of words) expect(error.message, error.message).toContain(word);
  }
});

it('quotes names from outside, and cuts them where they are long', () => {
  const { message } = missingInstance({ ...key('x'.repeat(10_000)), service: 'a\n"b"' });
  expect(message.length).toBeLessThan(400);
  expect(message).toContain(String.raw`"a\n\"b\""`);
});
