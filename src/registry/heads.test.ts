import { describe, expect, it } from 'vitest';
import { key } from '../../test/fixtures/definition';
import { WatchStage } from '../../test/fixtures/watch-stage';
import { settle } from '../../test/simulation/virtual-time';
import { Catalog } from './catalog';
import { headName, headRevision } from './heads';
import { DEFAULT_RETENTION } from './journal';
import { wake } from './wake';

const A = { kind: 'instance', ...key('a') } as const;

/** What the journal's next change of `a` says of the one before it. */
async function previousOf(stage: WatchStage): Promise<number> {
  await stage.scene.register('a');
  await settle();
  const [row] = stage.disk.rows('SELECT changes FROM journal ORDER BY revision DESC LIMIT 1');
  const [change] = JSON.parse(String(row?.[0]));
  return change.previous;
}

describe('heads', () => {
  it('[J1] tell at which revision a record was removed', async () => {
    const stage = new WatchStage();
    await stage.scene.register('a');
    await stage.scene.deregister('a');
    const { state } = wake(stage.namespace.platform, DEFAULT_RETENTION);
    const head = (kind: 'instance' | 'override', id: string) =>
      headRevision(stage.disk, { ...A, kind, id }, state.catalog.service(A));
    expect([head('instance', 'a'), head('override', 'a'), head('instance', 'b')]).toEqual([2, 0, 0]);
  });

  it('[J1] tell so while the removal is still on its way to the disk, and after a restart', async () => {
    const stage = new WatchStage();
    await stage.scene.register('a');
    stage.disk.hold();
    const leaving = stage.scene.deregister('a');
    const returning = previousOf(stage);
    await settle();
    stage.disk.release();
    await leaving;
    expect(await returning).toBe(2);
    await stage.scene.deregister('a');
    await stage.namespace.restart();
    expect(await previousOf(stage)).toBe(4);
  });

  it('know nothing of a service that was never there', () => {
    const catalog = new Catalog();
    expect(headRevision(new WatchStage().disk, A, catalog.service(A))).toBe(0);
    expect(headName({ kind: 'instance', id: 'a' })).not.toBe(headName({ kind: 'override', id: 'a' }));
  });
});
