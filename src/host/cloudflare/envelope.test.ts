import { expect, it } from 'vitest';
import { RegistryError } from '../../model/errors';
import { CALL_ANSWER_MAX_BYTES } from '../../model/limits';
import {
  openAsked,
  openOutcome,
  openRenewal,
  openValue,
  sealAsked,
  sealOutcome,
  sealRenewal,
  sealValue,
} from './envelope';

const REFUSAL = new RegistryError('CONFLICT', 'no', { retryAfterSeconds: 3 });

it('[V11, H12] refuses a response that is too large for a call, with an alternative', async () => {
  const sealed = (body: string) => sealOutcome(async () => ({ cursor: 'c1', body }));
  const bounds = [
    { letter: 'x', most: CALL_ANSWER_MAX_BYTES },
    { letter: 'ж', most: CALL_ANSWER_MAX_BYTES / 2 },
  ];
  for (const { letter, most } of bounds) {
    const fits = letter.repeat(most);
    expect(openOutcome(await sealed(fits))).toMatchObject({ cursor: 'c1', body: fits });
    const refused = await sealed(`${fits}${letter}`);
    expect(() => openOutcome(refused)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST', message: expect.stringContaining('limit') }),
    );
  }
});

it('carries arguments, outcomes and values unchanged', async () => {
  const asked = [{ tokenId: 'ключ "\n', address: undefined }, ['a'], null, true];
  expect(openAsked(sealAsked(asked))).toEqual(asked);
  const outcomes = [
    { cursor: 'c1' },
    { cursor: 'c1', body: null },
    { cursor: 'c1', created: true, body: '{"text":"line\nline"}' },
    { cursor: 'c1', created: false, body: '' },
  ];
  for (const outcome of outcomes) expect(openOutcome(await sealOutcome(async () => outcome))).toEqual(outcome);
  for (const value of [undefined, null, 0, '', 'text\n', { a: [1] }]) {
    expect(openValue(await sealValue(async () => value))).toEqual(value);
  }
});

it('carries a renewal as names, and whether its caller is an operator of the service', () => {
  const key = { group: 'G@1', service: 'заказы', id: 'a b+' };
  for (const operates of [true, false]) {
    expect(openRenewal(sealRenewal('token', operates, key))).toEqual([{ tokenId: 'token', operates }, key]);
  }
});

it('carries a refusal as data, and other errors as failures', async () => {
  for (const [seal, open] of [
    [sealOutcome, openOutcome],
    [sealValue, openValue],
  ] as const) {
    const text = await seal(() => Promise.reject(REFUSAL));
    expect(() => open(text)).toThrow(expect.objectContaining(REFUSAL.toData()));
    await expect(seal(() => Promise.reject(new TypeError('a defect')))).rejects.toThrow('a defect');
  }
});
