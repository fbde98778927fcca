import type { EntryView } from '../../src/model/entry';
import type { ServiceKey } from '../../src/model/namespace-api';
import type { InstanceList } from '../../src/model/queries';
import { bodyOf, Scene } from '../contracts/namespace/scene';
import { OPERATOR, OWNER } from '../fixtures/callers';
import { ORDERS } from '../fixtures/definition';
import { EntryCalls } from '../fixtures/entry-calls';
import { exportLines, importLines } from '../fixtures/files';
import { NodeNamespace } from '../fixtures/node-namespace';
import { SocketClient } from '../fixtures/socket-client';
import { SeededRandom } from '../simulation/seeded-random';

/** The two services that change. */
export const SERVICES: readonly [ServiceKey, ServiceKey] = [ORDERS, { ...ORDERS, service: 'users' }];

const IDS = ['a', 'b', 'c', 'd'] as const;

const KEYS = ['config/a', 'config/b', 'config/\u0000', 'z'] as const;

/** The answers of plain reads at the moment of a cursor. */
export interface Seen {
  cursor: string;
  revision: number;
  /** By the registry's clock. */
  at: number;
  /** Instances of each service, and the service's own settings. */
  services: { instances: InstanceList['instances']; own: string }[];
  entries: EntryView[];
}

/** A random series of events, with the answers of reads after each. */
export class RandomPast {
  readonly namespace = new NodeNamespace();
  readonly scene = new Scene(this.namespace);
  readonly random: SeededRandom;
  readonly seen: Seen[] = [];
  /** Receives every event. */
  readonly watcher = new SocketClient(this.namespace);

  readonly #hasImports: boolean;

  /** @param hasImports True to import files, too. Watchers receive no event of an import that replaces. */
  constructor(seed: number, hasImports: boolean) {
    this.random = new SeededRandom(seed);
    this.#hasImports = hasImports;
  }

  /** Calls about entries; a restart replaces what they call. */
  get #calls(): EntryCalls {
    return new EntryCalls(this.api);
  }

  get api() {
    return this.scene.api;
  }

  /** Makes random changes, and reads after each. */
  async live(steps: number): Promise<void> {
    await this.watcher.watch();
    this.seen.push(await this.look());
    for (let step = 0; step < steps; step++) {
      await this.#act();
      const now = await this.look();
      // Changes that happened between two reads are not recorded.
      if (now.revision !== this.seen.at(-1)?.revision) this.seen.push(now);
    }
  }

  /** Reads both services with plain reads. */
  async look(): Promise<Seen> {
    const services: Seen['services'] = [];
    let cursor = '';
    for (const key of SERVICES) {
      const list = await this.api.listInstances({ ...key, filter: {} });
      const own = await this.api.readService(key).then(
        (answer) => {
          const { metadata, protectThreshold, selector, persistent } = bodyOf(answer);
          return JSON.stringify({ persistent, metadata, protectThreshold, selector });
        },
        () => JSON.stringify({ persistent: false, metadata: {}, protectThreshold: 0 }),
      );
      services.push({ instances: bodyOf(list).instances, own });
      cursor = list.cursor;
    }
    const { entries } = await this.#calls.range();
    return {
      cursor,
      revision: await this.scene.revision(),
      at: this.namespace.platform.clock.now(),
      services,
      entries,
    };
  }

  async #act(): Promise<void> {
    const { random } = this;
    const { service } = random.pick(SERVICES);
    const key = { ...ORDERS, service, id: random.pick(IDS) };
    const weight = random.whole(1, 5);
    const what = random.weighted({
      register: 8,
      patch: 4,
      deregister: 3,
      override: 4,
      quarantine: 1,
      clear: 2,
      service: 2,
      removeService: 1,
      batch: 2,
      drain: 1,
      rollback: 1,
      put: 5,
      deleteEntry: 2,
      pass: 4,
      restart: 1,
      merge: this.#hasImports ? 1 : 0,
      replace: this.#hasImports ? 1 : 0,
    });
    // Many changes find nothing to change and are refused, which is allowed.
    const done = this.#do(what, key, weight);
    await done.catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'RegistryError')) throw error;
    });
  }

  async #do(what: string, key: ServiceKey & { id: string }, weight: number): Promise<unknown> {
    const { api, scene, random } = this;
    const precondition = {};
    const lease = random.chance(0.5) ? { ttlMs: 10_000, removeAfterMs: 20_000 } : { ttlMs: 5_000, removeAfterMs: null };
    if (what === 'register') return scene.register(key.id, { weight, lease }, { service: key.service });
    if (what === 'patch')
      return api.patch(OWNER, { key, patch: { weight, metadata: { at: String(weight) } }, precondition });
    if (what === 'deregister') return api.deregister(OPERATOR, { key, precondition });
    if (what === 'override') return api.putOverride(OPERATOR, { key, override: { weight }, precondition });
    if (what === 'clear') return api.clearOverride(OPERATOR, { key, precondition });
    if (what === 'quarantine') {
      const until = new Date(this.namespace.platform.clock.now() + random.whole(1, 60) * 1_000).toISOString();
      return api.putOverride(OPERATOR, { key, override: { quarantine: { until } }, precondition });
    }
    if (what === 'service') return scene.putService({ protectThreshold: weight / 10 }, { service: key.service });
    if (what === 'removeService') return api.removeService(OPERATOR, { ...key, force: true, precondition });
    if (what === 'put')
      return this.#calls.put(random.pick(KEYS), `${weight}`, {}, random.pick([undefined, 'text/plain']));
    if (what === 'deleteEntry') return this.#calls.delete(random.pick(KEYS));
    if (what === 'drain') return api.drain(OPERATOR, { key, waitMs: 0, graceMs: 5_000 });
    if (what === 'rollback') return this.rollBack(key);
    if (what === 'restart') return this.namespace.restart();
    if (what === 'merge' || what === 'replace') return this.#import(what, key);
    if (what === 'pass') return this.namespace.pass(Math.round(random.magnitude(100, 700_000)));
    return scene.batch(
      { op: 'register', service: key.service, id: 'a', address: '10.0.0.9', port: weight },
      { op: 'override', service: key.service, id: 'a', enabled: weight > 3 },
      { op: 'register', service: key.service, id: 'b', address: '10.0.0.9', port: weight },
    );
  }

  /** Imports a file with some of the existing instances, some of them changed, and a new one. */
  async #import(mode: 'merge' | 'replace', { group, service }: ServiceKey): Promise<void> {
    const { random } = this;
    const lines = (await exportLines(this.api)).filter(() => random.chance(0.7)).map((line) => JSON.parse(line));
    for (const line of lines) if (line.kind === 'instance' && random.chance(0.5)) line.weight = random.whole(1, 5);
    const exists = lines.some((line) => line.kind === 'instance' && line.service === service && line.id === 'd');
    for (const line of lines) if (line.kind === 'entry' && random.chance(0.5)) line.value = `${random.whole(1, 5)}`;
    if (!exists) lines.push({ kind: 'instance', group, service, id: 'd', address: '10.0.0.8', port: 80 });
    await importLines(this.api, lines, mode);
    // Earlier reads belong to the previous epoch now; the journal has their new cursors.
    const { journal } = this.namespace.state;
    for (const seen of this.seen) seen.cursor = journal.cursorAt(seen.revision) ?? seen.cursor;
  }

  /** Rolls a service back to an earlier read. Returns its instances before and after as texts. */
  async rollBack({ group, service }: ServiceKey): Promise<{ before: string[]; after: string[] }> {
    const to = this.random.pick(this.seen as [Seen, ...Seen[]]).cursor; // `as`: the first read comes before the first act
    const before = this.#saidByInstances(service);
    await this.api.rollback(OPERATOR, { group, service, to });
    return { before, after: this.#saidByInstances(service) };
  }

  #saidByInstances(service: string): string[] {
    const rows = this.namespace.platform.storage.rows(
      `SELECT id || ' ' || revision || ' ' || coalesce(value, '') FROM record WHERE kind = 3 AND service = '${service}'`,
    );
    return rows.map(([text]) => String(text));
  }
}
