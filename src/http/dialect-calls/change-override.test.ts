import { describe, expect, it } from 'vitest';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { InstanceDefinition } from '../../model/instance';
import type { Override } from '../../model/override';
import { changeOverride, membersOf } from './change-override';
import { findOverride } from './find-record';

const KEY = { group: 'g', service: 's', id: 'a' };
const OPERATOR = { tokenId: 'op', operates: true };

async function begin() {
  const { api } = new NodeNamespace();
  const definition = InstanceDefinition.parse({ address: '10.0.0.1', port: 1 });
  await api.register({ tokenId: 't' }, { key: KEY, definition, precondition: {} });
  const current = async () => membersOf(await findOverride(api, KEY, 't'));
  const put = (override: Override) => api.putOverride(OPERATOR, { key: KEY, override, precondition: {} });
  return { api, current, put };
}

describe('a change of an override', () => {
  it('[O1] keeps the other members, and removes an override without members', async () => {
    const { api, current, put } = await begin();
    await put({ weight: 2, quarantine: { reason: 'bad disk' } });
    await changeOverride(api, OPERATOR, KEY, (before) => ({ ...before, enabled: false }));
    expect(await current()).toEqual({ enabled: false, weight: 2, quarantine: { reason: 'bad disk' } });
    await changeOverride(api, OPERATOR, KEY, () => ({ weight: undefined }));
    expect(await findOverride(api, KEY, 't')).toBeUndefined();
    await changeOverride(api, OPERATOR, KEY, () => ({}));
    expect(await findOverride(api, KEY, 't')).toBeUndefined();
  });

  it('[O1] is retried after a concurrent change, a limited number of times', async () => {
    const { api, current, put } = await begin();
    const seen: Override[] = [];
    const change = (before: Override) => {
      seen.push(before);
      return { ...before, enabled: false };
    };
    const late = (times: number) => ({
      ...api,
      readOverride: api.readOverride.bind(api),
      putOverride: async (...call: Parameters<typeof api.putOverride>) => {
        if (times-- > 0) await put({ weight: times + 2 });
        return api.putOverride(...call);
      },
    });
    await changeOverride(late(1), OPERATOR, KEY, change);
    expect(seen).toEqual([{}, { weight: 2 }]);
    expect(await current()).toEqual({ enabled: false, weight: 2 });
    await expect(changeOverride(late(9), OPERATOR, KEY, change)).rejects.toMatchObject({ code: 'REVISION_MISMATCH' });
  });
});
