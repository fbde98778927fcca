import { describe, expect, it } from 'vitest';
import { HandPlatform } from '../../../../test/fixtures/hand-platform';
import { RegistryError } from '../../../model/errors';
import { LogGate } from '../../../model/log';
import { accounted } from './accounted';

const note = { action: 'rolled-back', actor: 'operator', target: 'g@@orders' } as const;

function begin() {
  const platform = new HandPlatform();
  const { audit } = platform;
  return { platform, audit, accounts: { platform, refusals: new LogGate(2) } };
}

describe('accounted', () => {
  it('[J9] writes down what is done before it is done, and that it was', async () => {
    const { audit, accounts } = begin();
    const outcome = await accounted(accounts, note, async (changed) => {
      changed();
      return audit.notes.map((each) => each.outcome);
    });
    expect(outcome).toEqual(['begun']);
    expect(audit.notes).toEqual([{ ...note, outcome: 'done' }]);
  });

  it('[A56] leaves no entry of what changed nothing', async () => {
    const { audit, accounts } = begin();
    expect(await accounted(accounts, note, async () => audit.notes.length)).toBe(1);
    expect(audit.notes).toEqual([]);
  });

  it('does nothing where it can not be written down', async () => {
    const { audit, accounts } = begin();
    audit.failure = new Error('no directory');
    let done = false;
    const act = async () => {
      done = true;
    };
    await expect(accounted(accounts, note, act)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('was not done'),
      cause: audit.failure,
    });
    expect(done).toBe(false);
  });

  it.each([
    [new RegistryError('CONFLICT', 'no'), []],
    [new RegistryError('UNAVAILABLE', 'who knows'), [{ ...note, outcome: 'begun' }]],
    [new RegistryError('INTERNAL', 'who knows'), [{ ...note, outcome: 'begun' }]],
    [new Error('a fault'), [{ ...note, outcome: 'begun' }]],
  ])('[A56] keeps the entry where the outcome is unknown: %s', async (error, notes) => {
    const { audit, accounts } = begin();
    await expect(accounted(accounts, note, () => Promise.reject(error))).rejects.toBe(error);
    expect(audit.notes).toEqual(notes);
  });

  it('[A56] keeps the entry of what has changed something before it was refused', async () => {
    const { audit, accounts } = begin();
    const act = async (changed: () => void) => {
      changed();
      throw new RegistryError('LIMIT_EXCEEDED', 'the second step was one call too many');
    };
    await expect(accounted(accounts, note, act)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(audit.notes).toEqual([{ ...note, outcome: 'done' }]);
  });

  it('[A56] logs a refusal with its code, so many a second', async () => {
    const { platform, accounts } = begin();
    const act = () => Promise.reject(new RegistryError('CONFLICT', 'no'));
    for (let count = 0; count < 4; count++) await accounted(accounts, note, act).catch(() => {});
    platform.jump(1_000);
    await accounted(accounts, note, act).catch(() => {});
    const line = { level: 'warn', message: 'an act of an operator was refused' };
    expect(platform.logs).toMatchObject([
      line,
      { ...line, facts: { ...note, code: 'CONFLICT' } },
      { ...line, facts: { leftOut: 2 } },
    ]);
  });
});
