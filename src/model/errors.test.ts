import { describe, expect, it } from 'vitest';
import { quote, RegistryError } from './errors';

describe('RegistryError', () => {
  it('survives serialization', () => {
    const error = new RegistryError('LIMIT_EXCEEDED', 'too many', { retryAfterSeconds: 3 }, { cause: 'a cause' });
    const rebuilt = RegistryError.fromData(structuredClone(error.toData()));
    expect(rebuilt).toBeInstanceOf(RegistryError);
    expect(rebuilt.toData()).toEqual(error.toData());
    expect(rebuilt.message).toBe('too many');
  });

  it('does not serialize its cause', () => {
    expect(JSON.stringify(new RegistryError('INTERNAL', 'x', {}, { cause: 'secret' }).toData())).not.toContain(
      'secret',
    );
  });
});

describe('quote', () => {
  it.each([
    ['a', '"a"'],
    ['a"b', '"a\\"b"'],
    [1, '1'],
    [null, 'null'],
    [undefined, 'undefined'],
  ])('shows %j as %s', (value, text) => expect(quote(value)).toBe(text));

  it('truncates long values', () => {
    expect(quote('x'.repeat(10_000))).toHaveLength(80);
    expect(quote(`a${'👋'.repeat(100)}`).isWellFormed()).toBe(true);
  });
});
