import { describe, expect, it } from 'vitest';
import { everyRow } from '../../test/fixtures/every-row';
import { HandDirectory } from '../../test/fixtures/hand-directory';
import { DirectoryReach } from '../host/cloudflare/directory-reach';
import type { VerifiedToken } from '../model/directory-api';
import { RegistryError } from '../model/errors';
import {
  CREDENTIAL_MAX_CHARACTERS,
  DIRECTORY_RETRY_INTERVAL_MS,
  LAST_KNOWN_MAX_AGE_MS,
  VERIFICATION_MAX_AGE_MS,
  VERIFICATIONS_MAX_COUNT,
} from '../model/limits';
import { Authenticator, ROOT, Verifications } from './authenticator';
import { TOKEN_ID_LENGTH, TOKEN_SECRET_LENGTH, tokenText } from './token-text';

const ROOT_TOKEN = '0123456789abcdefghijklmnopqrstuv';
const READ = [{ scope: 'read', ns: 'public' }] as const;

/** An authenticator over a directory by hand, and a clock that stands until it is moved. */
class Stage {
  readonly directory = new HandDirectory();
  now = 1_000_000;
  readonly authenticator: Authenticator;

  constructor(rootToken: string | null | undefined = ROOT_TOKEN) {
    const now = () => this.now;
    const { ask: askDirectory } = new DirectoryReach({ now });
    this.authenticator = new Authenticator({ rootToken, directory: this.directory, askDirectory, now });
  }

  /** Id of the token, `wrong`, or the code of a refusal. */
  async seen(token: string): Promise<string> {
    try {
      return (await this.authenticator.verify(token))?.tokenId ?? 'wrong';
    } catch (error) {
      return (error as RegistryError).code; // `as`: whatever else it is has no code, and the test fails
    }
  }
}

const unreachable = new RegistryError('UNAVAILABLE', 'the directory could not be reached');
const guess = (number: number): string =>
  tokenText(String(number).padStart(TOKEN_ID_LENGTH, '0'), 'x'.repeat(TOKEN_SECRET_LENGTH));

describe('the root token', () => {
  it('[A2] is the only text that authenticates root, without a call to the directory', async () => {
    const stage = new Stage();
    stage.directory.failure = unreachable;
    expect(await stage.authenticator.verify(ROOT_TOKEN)).toBe(ROOT);
    for (const token of [
      '',
      ROOT_TOKEN.slice(1),
      ROOT_TOKEN.slice(0, -1),
      `${ROOT_TOKEN}x`,
      ROOT_TOKEN.toUpperCase(),
    ]) {
      expect(await stage.seen(token), token).toBe('wrong');
    }
    expect(stage.directory.asked).toEqual([]);
  });

  it('[A6] is verified synchronously from the second request on, without an age limit', async () => {
    const stage = new Stage();
    const first = stage.authenticator.verify(ROOT_TOKEN);
    expect(first).toBeInstanceOf(Promise);
    await first;
    stage.now += 1_000 * VERIFICATION_MAX_AGE_MS;
    expect(stage.authenticator.verify(ROOT_TOKEN)).toBe(ROOT);
  });

  it('may have the form of any other token', async () => {
    const stage = new Stage(guess(1));
    expect(await stage.seen(guess(1))).toBe('root');
    expect(await stage.seen(guess(2))).toBe('wrong');
  });

  it('[A1] that is missing or unusable makes every request fail, whatever it sends', () =>
    everyRow(
      [
        undefined,
        null,
        '',
        'x'.repeat(31),
        'x'.repeat(CREDENTIAL_MAX_CHARACTERS + 1),
        `${'x'.repeat(40)} y`,
        'ü'.repeat(40),
      ],
      async (rootToken) => {
        const { directory, now } = new Stage();
        const { ask: askDirectory } = new DirectoryReach({ now: () => now });
        const authenticator = new Authenticator({ rootToken, directory, askDirectory, now: () => now });
        const { token } = directory.give(READ);
        expect(() => authenticator.assertConfigured()).toThrowError(/no usable root token/);
        for (const sent of [rootToken ?? '', token, 'undefined', 'null', '']) {
          expect(() => authenticator.verify(sent)).toThrowError(/no usable root token/);
        }
        await expect(authenticator.redeem('t')).rejects.toThrowError(/no usable root token/);
        expect(directory.asked).toEqual([]);
      },
    ));

  it('[A1] is accepted from 32 characters on', () => {
    expect(() => new Stage('x'.repeat(32)).authenticator.assertConfigured()).not.toThrow();
  });
});

describe('tokens', () => {
  it('[A6] are verified by the directory every 30 s, valid or not, and from memory in between', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    expect(await stage.seen(token)).toBe(id);
    expect(await stage.seen(guess(1))).toBe('wrong');
    stage.now += VERIFICATION_MAX_AGE_MS - 1;
    expect(stage.authenticator.verify(token)).toMatchObject({ tokenId: id });
    expect(stage.authenticator.verify(guess(1))).toBeNull();
    expect(stage.directory.asked).toHaveLength(2);
    stage.now += 1;
    const again = stage.authenticator.verify(token);
    expect(again).toBeInstanceOf(Promise);
    expect(await stage.seen(guess(1))).toBe('wrong');
    await again;
    expect(stage.directory.asked).toHaveLength(4);
  });

  it('[A6] are refused at most 30 s after they were revoked', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    await stage.seen(token);
    stage.directory.revoke(id);
    stage.now += VERIFICATION_MAX_AGE_MS;
    expect(await stage.seen(token)).toBe('wrong');
  });

  it('[A62] are verified again after they are forgotten, and so are those with a verification in flight', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    const other = stage.directory.give(READ);
    const slow = stage.directory.give(READ);
    await stage.seen(token);
    await stage.seen(other.token);
    stage.directory.revoke(id);
    stage.authenticator.forget(id);
    expect(await stage.seen(token)).toBe('wrong');
    expect(stage.authenticator.verify(other.token), 'other tokens stay cached').toMatchObject({ tokenId: other.id });

    stage.directory.asked.length = 0;
    const { promise: gate, resolve: open } = Promise.withResolvers<void>();
    stage.directory.gate = gate;
    const before = stage.seen(slow.token);
    await expect.poll(() => stage.directory.asked).toHaveLength(1);
    stage.authenticator.forget(slow.id);
    const after = stage.seen(slow.token);
    await expect.poll(() => stage.directory.asked, { message: 'a call of its own' }).toHaveLength(2);
    open();
    await Promise.all([before, after]);
    stage.directory.revoke(slow.id);
    stage.authenticator.forget(slow.id);
    expect(await stage.seen(slow.token)).toBe('wrong');
  });

  it('[A6] are cached from the time at which the directory was asked, not when it answered', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    let open = () => {};
    stage.directory.gate = new Promise((resolve) => {
      open = resolve;
    });
    const first = stage.seen(token);
    await expect.poll(() => stage.directory.asked).toHaveLength(1);
    stage.now += 10_000;
    open();
    expect(await first).toBe(id);
    stage.directory.revoke(id);
    stage.now += VERIFICATION_MAX_AGE_MS - 10_000;
    expect(await stage.seen(token)).toBe('wrong');
  });

  it('[A7] expire on time while they are cached', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ, { expiresAt: stage.now + 10_000 });
    expect(await stage.seen(token)).toBe(id);
    stage.now += 9_999;
    expect(await stage.seen(token)).toBe(id);
    stage.now += 1;
    expect(await stage.seen(token), 'although the directory still accepts it').toBe('wrong');
  });

  it('[A6] in concurrent requests are verified by one call, with the result for each', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    const seen = await Promise.all(Array.from({ length: 50 }, () => stage.seen(token)));
    expect(new Set(seen)).toEqual(new Set([id]));
    expect(stage.directory.asked).toHaveLength(1);
  });

  it('[A6, A60] keep their last known result while the directory is unreachable, and unknown ones are refused', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    const other = stage.directory.give(READ);
    await stage.seen(token);
    await stage.seen(guess(1));
    stage.directory.failure = unreachable;
    stage.now += VERIFICATION_MAX_AGE_MS - 1;
    expect(await stage.seen(token)).toBe(id);
    expect(await stage.seen(guess(1))).toBe('wrong');
    expect(await stage.seen(other.token)).toBe('UNAVAILABLE');
    expect(await stage.seen(guess(2))).toBe('UNAVAILABLE');
    stage.now += 1;
    expect(await stage.seen(token)).toBe(id);
    expect(await stage.seen(guess(1)), 'it may have been created in the meantime').toBe('UNAVAILABLE');
    stage.now += LAST_KNOWN_MAX_AGE_MS - VERIFICATION_MAX_AGE_MS - 1;
    expect(await stage.seen(token)).toBe(id);
    stage.now += 1;
    expect(await stage.seen(token), '10 minutes after it was last valid').toBe('UNAVAILABLE');
    expect(await stage.seen(ROOT_TOKEN)).toBe('root');
    stage.directory.failure = undefined;
    expect(await stage.seen(token)).toBe(id);
  });

  it('[A60] that were revoked during an outage are refused once the directory has answered, also in the next outage', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    await stage.seen(token);
    stage.directory.revoke(id);
    stage.directory.failure = unreachable;
    stage.now += VERIFICATION_MAX_AGE_MS;
    expect(await stage.seen(token)).toBe(id);
    stage.directory.failure = undefined;
    stage.now += DIRECTORY_RETRY_INTERVAL_MS;
    expect(await stage.seen(token), 'the request that starts the check').toBe(id);
    await expect.poll(() => stage.seen(token)).toBe('wrong');
    stage.directory.failure = unreachable;
    stage.now += VERIFICATION_MAX_AGE_MS;
    expect(await stage.seen(token), 'it has no last known state any more').toBe('UNAVAILABLE');
  });

  it('[A7, A60] expire on time while the directory is unreachable', async () => {
    const stage = new Stage();
    const end = stage.now + 2 * VERIFICATION_MAX_AGE_MS;
    const { token, id } = stage.directory.give(READ, { expiresAt: end });
    await stage.seen(token);
    stage.directory.failure = unreachable;
    stage.now = end - 1;
    expect(await stage.seen(token)).toBe(id);
    stage.now = end;
    expect(await stage.seen(token)).toBe('wrong');
  });

  it('[A6] are not evicted from memory by guesses', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    await stage.seen(token);
    for (let number = 0; number < 2 * VERIFICATIONS_MAX_COUNT; number++) await stage.seen(guess(number));
    expect(stage.authenticator.verify(token)).toMatchObject({ tokenId: id });
  });

  it('[A12] take the same steps for a known id and an unknown one', async () => {
    const stage = new Stage();
    const { token, id } = stage.directory.give(READ);
    const wrongSecret = `${token.slice(0, -1)}x`;
    expect([await stage.seen(wrongSecret), await stage.seen(guess(1))]).toEqual(['wrong', 'wrong']);
    expect(stage.directory.asked).toEqual([id, '0'.repeat(TOKEN_ID_LENGTH - 1).concat('1')]);
  });

  it('[A12] that are malformed are invalid without a call to the directory', () =>
    everyRow(
      [
        '',
        'rc_',
        'rc__',
        guess(1).slice(0, -1),
        `${guess(1)}x`,
        guess(1).toUpperCase(),
        'x'.repeat(CREDENTIAL_MAX_CHARACTERS),
        'x'.repeat(1_000_000),
      ],
      async (token) => {
        const stage = new Stage();
        expect(await stage.seen(token)).toBe('wrong');
        expect(stage.directory.asked).toEqual([]);
      },
    ));

  it('[A12] that are too long are invalid without being hashed', () => {
    expect(new Stage().authenticator.verify('x'.repeat(CREDENTIAL_MAX_CHARACTERS + 1))).toBeNull();
  });
});

describe('tickets', () => {
  const verified = { tokenId: 't1', grants: READ, pathWrite: false };

  it('[A11] are redeemed once, and never cached', async () => {
    const { directory, authenticator } = new Stage();
    const ticket = directory.ticketFor(verified);
    expect(await authenticator.redeem(ticket)).toEqual(verified);
    expect(await authenticator.redeem(ticket)).toBeNull();
    expect(directory.asked).toHaveLength(2);
  });

  it('[A7, A11] of an expired token are invalid, and malformed ones cause no call to the directory', async () => {
    const { directory, authenticator, now } = new Stage();
    expect(await authenticator.redeem(directory.ticketFor({ ...verified, expiresAt: now }))).toBeNull();
    directory.asked.length = 0;
    for (const ticket of ['', 'x'.repeat(CREDENTIAL_MAX_CHARACTERS + 1)]) {
      expect(await authenticator.redeem(ticket)).toBeNull();
    }
    expect(directory.asked).toEqual([]);
  });

  it('[A11] are refused while the directory is unreachable', async () => {
    const { directory, authenticator } = new Stage();
    const ticket = directory.ticketFor(verified);
    directory.failure = unreachable;
    await expect(authenticator.redeem(ticket)).rejects.toBe(unreachable);
  });
});

const verified: VerifiedToken = { tokenId: 't', grants: [], pathWrite: false };

describe('Verifications', () => {
  it('[A6] returns a result for 30 s, and no longer than the token is valid', () => {
    const memory = new Verifications();
    memory.keep('good', verified, 100);
    memory.keep('ends', { ...verified, expiresAt: 105 }, 100);
    memory.keep('bad', null, 100);
    const until = 100 + VERIFICATION_MAX_AGE_MS;
    expect([memory.find('good', until - 1), memory.find('good', until)]).toEqual([verified, undefined]);
    expect([memory.find('ends', 104)?.tokenId, memory.find('ends', 105)]).toEqual(['t', null]);
    expect([memory.find('bad', until - 1), memory.find('bad', until)]).toEqual([null, undefined]);
    expect(memory.find('other', 100)).toBeUndefined();
  });

  it('[A6] keeps the result of the latest call, in any order of the responses', () => {
    const memory = new Verifications();
    memory.keep('token', verified, 100);
    memory.keep('token', null, 200);
    memory.keep('token', verified, 150);
    expect([memory.find('token', 201), memory.lastKnown('token', 201)]).toEqual([null, undefined]);
    memory.keep('token', verified, 300);
    memory.keep('token', null, 250);
    expect([memory.find('token', 301), memory.lastKnown('token', 301)]).toEqual([verified, verified]);
  });

  it('[A60] returns valid tokens as last known for 10 minutes, and no invalid ones', () => {
    const memory = new Verifications();
    memory.keep('good', verified, 100);
    memory.keep('bad', null, 100);
    const until = 100 + LAST_KNOWN_MAX_AGE_MS;
    expect([memory.lastKnown('good', until - 1), memory.lastKnown('good', until)]).toEqual([verified, undefined]);
    expect(memory.lastKnown('bad', 101)).toBeUndefined();
  });

  it('[A6] evicts the least recently used beyond its limit, valid and invalid tokens separately', () => {
    const memory = new Verifications();
    for (let number = 0; number <= VERIFICATIONS_MAX_COUNT; number++) {
      memory.keep(`good ${number}`, verified, 100);
      memory.keep(`bad ${number}`, null, 100);
      if (number === 1) memory.keep('good 0', verified, 100);
    }
    expect(memory.find('good 0', 101), 'it was stored again since').toBe(verified);
    expect(memory.find('good 1', 101)).toBeUndefined();
    expect(memory.find('good 2', 101)).toBe(verified);
    expect([memory.find('bad 0', 101), memory.find('bad 1', 101)]).toEqual([undefined, null]);
  });

  it('[A6] keeps a token in use, however many others are used once', () => {
    const memory = new Verifications();
    memory.keep('in use', verified, 100);
    for (let number = 0; number < 2 * VERIFICATIONS_MAX_COUNT; number++) {
      memory.keep(`once ${number}`, verified, 100);
      expect(memory.find('in use', 101)).toBe(verified);
    }
  });

  it('[A6] forgets every secret of a token, and none of another', () => {
    const memory = new Verifications();
    for (const token of ['first', 'second', 'third']) memory.keep(token, verified, 100);
    memory.keep('other', { ...verified, tokenId: 'other' }, 100);
    memory.forget('t');
    expect(['first', 'second', 'third', 'other'].map((token) => memory.find(token, 101)?.tokenId)).toEqual([
      undefined,
      undefined,
      undefined,
      'other',
    ]);
  });
});
