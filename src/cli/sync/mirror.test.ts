import { describe, expect, it } from 'vitest';
import { NodeNamespace } from '../../../test/fixtures/node-namespace';
import { ROOT_TOKEN, TestApp } from '../../../test/fixtures/test-app';
import { type Admin, rollcallAdmin } from '../../client/admin';
import type { Instance } from '../../client/wire/instance';
import { CliError, EXIT } from '../terminal/failure';
import { Mirror, type MirrorEvent, Patience } from './mirror';
import type { SourceInstance } from './source';

const MINUTE = 60_000;

/** A mirror of a source that a test writes by hand, into a real namespace with a clock that is moved by hand. */
class Stage {
  readonly namespace = new NodeNamespace();
  readonly reported: string[] = [];
  sourceList: SourceInstance[] | CliError = [];
  batches = 0;
  #copies: Instance[] = [];
  readonly #app = new TestApp({ calls: this.namespace.api });
  readonly registry: Admin = rollcallAdmin({
    url: 'http://rollcall.test',
    token: ROOT_TOKEN,
    fetch: async (url, init) => {
      if (url.endsWith('/batch')) this.batches += 1;
      return this.#app.app.fetch(new Request(url, init));
    },
  });
  readonly #mirror = new Mirror({
    source: {
      name: 'eureka old.test',
      covers: () => true,
      read: async () => {
        if (this.sourceList instanceof CliError) throw this.sourceList;
        return this.sourceList;
      },
    },
    target: { registry: this.registry, replica: { instances: this.#copies, reached: async () => {} } },
    writer: { mirror: 'eureka old.test', prefix: 'eureka:', owner: 'root', leaseTtlMs: 90_000, covers: () => true },
    now: () => this.namespace.platform.clock.now(),
    onEvent: (event) => this.reported.push(text(event)),
  });

  /** The source has these. */
  has(...ids: string[]): this {
    this.sourceList = ids.map((id) => instance(id));
    return this;
  }

  sourceDown(): void {
    this.sourceList = new CliError(EXIT.unreachable, 'it is unreachable');
  }

  /** Looks at the source, and writes. */
  async turn(): Promise<void> {
    this.#copies.splice(0, this.#copies.length, ...(await this.list()));
    await this.#mirror.look().catch((error: unknown) => {
      if (!(error instanceof CliError)) throw error;
    });
    await this.#mirror.write();
  }

  /** Turns every 10 s for a while. */
  async turns(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10_000) {
      await this.namespace.pass(10_000);
      await this.turn();
    }
  }

  async list(): Promise<Instance[]> {
    return (await this.registry.listInstances({ service: 'orders' })).instances;
  }

  async ids(): Promise<string> {
    return (await this.list()).map(({ id }) => id).join(' ');
  }
}

const instance = (id: string, more: Partial<SourceInstance['body']> = {}): SourceInstance => ({
  group: 'DEFAULT_GROUP',
  service: 'orders',
  id,
  body: { address: `${id}.test`, port: 8080, ...more },
});

function text(event: MirrorEvent): string {
  const { id } = 'wanted' in event ? event.wanted : event.names;
  return `${event.type} ${id}`;
}

describe('a mirror', () => {
  it('[K21, K22] writes the differences, and reports them', async () => {
    const stage = new Stage().has('a', 'b');
    await stage.registry.registerInstance({ service: 'orders', id: 'own', body: { address: 'own.test', port: 1 } });
    await stage.turn();
    expect(await stage.ids()).toBe('eureka:a eureka:b own');
    stage.sourceList = [instance('b', { weight: 2 }), instance('c')];
    await stage.turn();
    expect(await stage.ids()).toBe('eureka:b eureka:c own');
    expect((await stage.list())[0]?.weight).toBe(2);
    await stage.turn();
    expect(stage.reported).toEqual([
      'added eureka:a',
      'added eureka:b',
      'added eureka:c',
      'changed eureka:b',
      'removed eureka:a',
    ]);
  });

  it('[K23] reports once that an instance registered itself, and again after it was removed', async () => {
    const stage = new Stage().has('a');
    const native = { service: 'orders', id: 'a.test:8080', body: { address: 'a.test', port: 8080, ephemeral: false } };
    await stage.registry.registerInstance(native);
    await stage.turn();
    await stage.turn();
    expect(await stage.ids()).toBe('a.test:8080');
    await stage.registry.deregisterInstance(native);
    await stage.turn();
    await stage.registry.registerInstance(native);
    await stage.turn();
    expect(await stage.ids()).toBe('a.test:8080');
    expect(stage.reported).toEqual(['skipped eureka:a', 'added eureka:a', 'removed eureka:a', 'skipped eureka:a']);
  });

  it('[K29] renews leases while it runs, and no longer', async () => {
    const stage = new Stage().has('a');
    await stage.turn();
    await stage.turns(10 * MINUTE);
    expect(await stage.ids()).toBe('eureka:a');
    expect(stage.reported).toEqual(['added eureka:a']);
    await stage.namespace.pass(91_000);
    expect(await stage.ids()).toBe('');
    await stage.turn();
    expect(await stage.ids()).toBe('eureka:a');
  });

  it('[K24] keeps what a source lost during an outage, until its clients have had time to return', async () => {
    const stage = new Stage().has('a', 'b');
    await stage.turn();
    stage.sourceDown();
    await stage.turns(5 * MINUTE);
    stage.has('a');
    await stage.turns(MINUTE);
    expect(await stage.ids()).toBe('eureka:a eureka:b');
    await stage.turns(2 * MINUTE);
    expect(await stage.ids()).toBe('eureka:a');
  });

  it('[K24] keeps what an empty source lost, until a restart is ruled out', async () => {
    const stage = new Stage().has('a', 'b');
    await stage.turn();
    stage.has();
    await stage.turns(110_000);
    expect(await stage.ids()).toBe('eureka:a eureka:b');
    await stage.turns(30_000);
    expect(await stage.ids()).toBe('');
  });

  it('[K25] stops to renew copies once the source was unreachable for fifteen minutes', async () => {
    const stage = new Stage().has('a');
    await stage.turn();
    stage.sourceDown();
    await stage.turns(14 * MINUTE);
    expect(await stage.ids()).toBe('eureka:a');
    await stage.turns(3 * MINUTE);
    expect(await stage.ids()).toBe('');
  });

  it('[K30] writes the others if one is refused, and retries that one after a change or five minutes', async () => {
    const stage = new Stage();
    const large = { metadata: { much: 'x'.repeat(9_000) } };
    stage.sourceList = [instance('a'), instance('b', large), instance('c')];
    await stage.turn();
    expect(await stage.ids()).toBe('eureka:a eureka:c');
    expect(stage.reported).toEqual(['added eureka:a', 'refused eureka:b', 'added eureka:c']);
    stage.batches = 0;
    await stage.turn();
    expect(stage.batches).toBe(0);
    await stage.turns(5 * MINUTE);
    expect(stage.reported.filter((event) => event === 'refused eureka:b')).toHaveLength(2);
    stage.has('a', 'b', 'c');
    await stage.turn();
    expect(await stage.ids()).toBe('eureka:a eureka:b eureka:c');
  });

  it('[K21] writes nothing before it has read its source', async () => {
    const stage = new Stage();
    stage.sourceDown();
    await stage.turn();
    expect([stage.batches, await stage.ids()]).toEqual([0, '']);
  });
});

describe('patience', () => {
  it('[K24] removes at once what disappeared from a source without an outage', () => {
    const patience = new Patience();
    patience.sourceUp(0, 3, true);
    patience.sourceUp(10, 1, true);
    expect([patience.mayRemove(10), patience.isOver(10)]).toEqual([true, false]);
  });

  it('[K24] removes nothing while the source is unreachable, nor for two minutes after', () => {
    const patience = new Patience();
    patience.sourceUp(0, 3, true);
    patience.sourceDown(10);
    expect(patience.mayRemove(10 + MINUTE)).toBe(false);
    patience.sourceUp(5 * MINUTE, 1, true);
    expect(patience.mayRemove(7 * MINUTE - 1)).toBe(false);
    expect(patience.mayRemove(7 * MINUTE)).toBe(true);
  });

  it('[K24] waits for two minutes, once, if a source becomes empty', () => {
    const patience = new Patience();
    patience.sourceUp(0, 3, true);
    patience.sourceUp(10, 0, true);
    expect(patience.mayRemove(10)).toBe(false);
    patience.sourceUp(MINUTE, 0, true);
    patience.sourceUp(2 * MINUTE + 10, 0, true);
    expect(patience.mayRemove(2 * MINUTE + 10)).toBe(true);
    patience.sourceUp(3 * MINUTE, 2, true);
    expect(patience.mayRemove(3 * MINUTE)).toBe(true);
    patience.sourceUp(4 * MINUTE, 0, true);
    expect(patience.mayRemove(4 * MINUTE)).toBe(false);
  });

  it('[K24] waits if the source is empty at first, and copies of it are here', () => {
    const patience = new Patience();
    patience.sourceUp(0, 0, true);
    expect(patience.mayRemove(0)).toBe(false);
  });

  it('[K24] does not wait if there is nothing to lose', () => {
    const patience = new Patience();
    patience.sourceUp(0, 0, false);
    patience.sourceUp(10, 2, true);
    expect(patience.mayRemove(10)).toBe(true);
  });

  it('[K25] gives up a source after an outage of fifteen minutes, and resumes when it returns', () => {
    const patience = new Patience();
    patience.sourceDown(0);
    patience.sourceDown(MINUTE);
    expect([patience.isOver(15 * MINUTE - 1), patience.isOver(15 * MINUTE)]).toEqual([false, true]);
    patience.sourceUp(16 * MINUTE, 1, true);
    expect(patience.isOver(16 * MINUTE)).toBe(false);
  });
});
