import { describe, expect, it } from 'vitest';
import { HandAudit } from '../../test/fixtures/hand-audit';
import { RegistryError } from '../model/errors';
import { accounted } from './accounted';

const note = { action: 'rolled-back', actor: 'operator', target: 'g@@orders' } as const;

describe('accounted', () => {
  it('[J9] writes down what is done before it is done, and that it was', async () => {
    const audit = new HandAudit();
    const outcome = await accounted(audit, note, async () => audit.notes.map((each) => each.outcome));
    expect(outcome).toEqual(['begun']);
    expect(audit.notes).toEqual([{ ...note, outcome: 'done' }]);
  });

  it('does nothing where it can not be written down', async () => {
    const audit = new HandAudit();
    audit.failure = new Error('no directory');
    let done = false;
    const act = async () => {
      done = true;
    };
    await expect(accounted(audit, note, act)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('was not done'),
      cause: audit.failure,
    });
    expect(done).toBe(false);
  });

  it.each([
    [new RegistryError('CONFLICT', 'no'), { outcome: 'refused', code: 'CONFLICT' }],
    [new RegistryError('UNAVAILABLE', 'who knows'), { outcome: 'begun' }],
    [new RegistryError('INTERNAL', 'who knows'), { outcome: 'begun' }],
    [new Error('a fault'), { outcome: 'begun' }],
  ])('tells how it ended with %s', async (error, ended) => {
    const audit = new HandAudit();
    await expect(accounted(audit, note, () => Promise.reject(error))).rejects.toBe(error);
    expect(audit.notes).toEqual([{ ...note, ...ended }]);
  });
});
