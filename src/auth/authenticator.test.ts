import { describe, expect, it } from 'vitest';
import { VERIFIED_HEADERS_MAX_COUNT } from '../model/limits';
import { Authenticator } from './authenticator';
import { ROOT } from './principal';

const TOKEN = '0123456789abcdefghijklmnopqrstuv';

const codeOf = async (authenticator: Authenticator, header: string | null): Promise<string> => {
  try {
    return (await authenticator.authenticate(header)).tokenId;
  } catch (error) {
    return (error as { code: string }).code; // `as`: whatever else it is has no code, and the test fails
  }
};

describe('Authenticator', () => {
  it.each([`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN} `])('[A2] knows root by %j', async (header) => {
    expect(await new Authenticator(TOKEN).authenticate(header)).toBe(ROOT);
  });

  it.each([
    null,
    '',
    TOKEN,
    'Bearer',
    'Bearer ',
    `Basic ${TOKEN}`,
    `Bearer ${TOKEN}x`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN} ${TOKEN}`,
    `Bearer ${TOKEN}, Bearer ${TOKEN}`,
    `Bearer${TOKEN}`,
    `Token ${TOKEN}`,
  ])('[A2] refuses %j', async (header) => {
    const authenticator = new Authenticator(TOKEN);
    expect(await codeOf(authenticator, header)).toBe('UNAUTHENTICATED');
    await authenticator.authenticate(`Bearer ${TOKEN}`);
    expect(await codeOf(authenticator, header), 'after root was there').toBe('UNAUTHENTICATED');
  });

  it('answers at once for a header it knows, and only then', async () => {
    const authenticator = new Authenticator(TOKEN);
    const first = authenticator.authenticate(`Bearer ${TOKEN}`);
    expect(first).toBeInstanceOf(Promise);
    await first;
    expect(authenticator.authenticate(`Bearer ${TOKEN}`)).toBe(ROOT);
    expect(authenticator.authenticate(`bearer ${TOKEN}`)).toBeInstanceOf(Promise);
  });

  it('goes on knowing root after more spellings than it remembers', async () => {
    const authenticator = new Authenticator(TOKEN);
    for (let blanks = 1; blanks < VERIFIED_HEADERS_MAX_COUNT + 3; blanks++) {
      expect(await codeOf(authenticator, `Bearer${' '.repeat(blanks)}${TOKEN}`)).toBe('root');
    }
  });

  it.each([undefined, null, '', 'x'.repeat(31), `${'x'.repeat(40)} y`, 'ü'.repeat(40)])(
    '[A1] is not configured with the root token %j, whatever is sent',
    async (rootToken) => {
      const authenticator = new Authenticator(rootToken);
      expect(() => authenticator.assertConfigured()).toThrowError(/no usable root token/);
      for (const header of [null, `Bearer ${rootToken}`, 'Bearer undefined', 'Bearer null', 'Bearer ']) {
        expect(await codeOf(authenticator, header)).toBe('NOT_CONFIGURED');
      }
    },
  );

  it('[A1] is configured with 32 characters', () => {
    expect(() => new Authenticator('x'.repeat(32)).assertConfigured()).not.toThrow();
  });

  it('never tells a token in an error', async () => {
    const secret = 's3cret-that-nobody-may-see-anywhere';
    const error = await Promise.resolve(new Authenticator(TOKEN).authenticate(`Bearer ${secret}`)).catch((e) => e);
    expect(String(error) + JSON.stringify(error)).not.toContain(secret);
    expect(String(error)).not.toContain(TOKEN);
  });
});
