import { decodeCursor } from '../../src/model/cursor';
import type { InstanceView } from '../../src/model/instance';
import { readJsonText } from '../../src/model/json';
import type { ServiceKey } from '../../src/model/namespace-api';
import { difference, expectedView, shownView } from './expected-view';
import { compactedRevision } from './journal-rows';
import type { ServiceAt } from './replica';
import type { SeededRandom } from './seeded-random';
import type { World } from './world';

/** A list in an earlier answer. */
interface SeenList {
  key: ServiceKey;
  cursor: string;
  shown: string;
}

const SEEN_KEPT_COUNT = 20;

/**
 * Makes all kinds of reads, and compares the answers with the journal at their revision: nothing is missing, nothing is
 * added, and no dead instance appears.
 */
export class Reader {
  readonly #world: World;
  readonly #random: SeededRandom;
  readonly #services: [ServiceKey, ...ServiceKey[]];
  /** Cursors of answers to earlier lists, by service. */
  readonly #cursors = new Map<string, string>();
  readonly #seen: SeenList[] = [];

  constructor(world: World, services: [ServiceKey, ...ServiceKey[]]) {
    this.#world = world;
    this.#random = world.random.fork();
    this.#services = services;
  }

  async live(): Promise<never> {
    const { reads } = this.#world.scenario;
    for (;;) {
      await this.#world.sleep(this.#random.magnitude(reads.from, reads.to));
      await this.#world.untilUp();
      const service = this.#random.pick(this.#services);
      const what = this.#random.weighted({ list: 5, resolve: 4, one: 3, services: 1, stats: 1, past: 2 });
      if (what === 'list') await this.#list(service);
      else if (what === 'resolve') await this.#resolve(service);
      else if (what === 'one') await this.#one(service);
      else if (what === 'services') await this.#listServices();
      else if (what === 'past') await this.#past();
      else await this.#stats();
    }
  }

  async #list(key: ServiceKey): Promise<void> {
    const name = `${key.group}@@${key.service}`;
    const ifNoneMatch = this.#random.chance(0.5) ? this.#cursors.get(name) : undefined;
    const known = this.#knownRevision(key);
    await this.#world.ask(
      { name: `lists ${name}`, ask: (registry) => registry.listInstances({ ...key, filter: {}, ifNoneMatch }) },
      ({ body, cursor }, heardAt, revision) => {
        const service = this.#world.chronicle.replica.service(key.group, key.service, revision);
        if (body === null) {
          const now = this.#digest(service);
          if (now !== known.get(ifNoneMatch ?? '')) this.#wrong(`${name} is reported as unchanged, but is ${now}`);
        } else {
          const { instances } = readJsonText(body);
          this.#compare(name, service, heardAt, instances);
          known.clear();
          known.set(cursor, this.#digest(service));
          this.#cursors.set(name, cursor);
          this.#remember({ key, cursor, shown: lasting(instances) });
        }
      },
    );
  }

  /** Lists a service as of an earlier list, however old, despite later changes. */
  async #past(): Promise<void> {
    const seen = this.#seen[this.#random.whole(0, this.#seen.length - 1)];
    if (seen === undefined) return;
    const { key, cursor, shown } = seen;
    const name = `lists ${key.group}@@${key.service} as of ${cursor}`;
    const { machine } = this.#world;
    const reply = await machine.call({
      name,
      ask: (registry) => registry.listInstances({ ...key, filter: {}, at: cursor }),
      onAnswer: (answer) => {
        if (answer.cursor !== cursor) this.#wrong(`${name} was answered as of ${answer.cursor}`);
        const now = answer.body === null ? '' : lasting(readJsonText(answer.body).instances);
        if (now !== shown) this.#world.report('J6', `${name} is ${now}, but was shown as ${shown}`);
      },
    });
    if (reply.kind !== 'refusal') return;
    const isKept = (decodeCursor(cursor)?.revision ?? 0) > compactedRevision(machine.disk.plain);
    if (reply.code !== 'COMPACTED' || isKept) this.#world.report('J6', `${name} was refused with ${reply.code}`);
    else this.#seen.splice(this.#seen.indexOf(seen), 1);
  }

  /** Keeps a sample of answers, of all ages. */
  #remember(seen: SeenList): void {
    if (this.#seen.length < SEEN_KEPT_COUNT) this.#seen.push(seen);
    else this.#seen[this.#random.whole(0, SEEN_KEPT_COUNT - 1)] = seen;
  }

  async #resolve(key: ServiceKey): Promise<void> {
    const name = `${key.group}@@${key.service}`;
    await this.#world.ask(
      { name: `resolves ${name}`, ask: (registry) => registry.resolve(key) },
      ({ body }, heardAt, revision) => {
        if (body === null) return this.#wrong(`${name} was read without a condition, but not answered`);
        const resolution = readJsonText(body);
        const service = this.#world.chronicle.replica.service(key.group, key.service, revision);
        const available: string[] = [];
        for (const id of service.instances.keys()) {
          const view = expectedView(service, id);
          if (view?.available || (resolution.protected && view !== undefined && takesTraffic(view))) available.push(id);
        }
        const shown = resolution.instances.map(({ id }) => id).sort();
        if (shown.join() !== available.sort().join()) {
          this.#wrong(`${name} resolves to ${shown.join() || 'nothing'}; available are ${available.join() || 'none'}`);
        }
        for (const id of shown) this.#world.leases.shown({ ...key, id }, !resolution.protected, heardAt);
      },
    );
  }

  async #one(key: ServiceKey): Promise<void> {
    const ids = [...this.#world.chronicle.replica.service(key.group, key.service).instances.keys()];
    const id = ids[this.#random.whole(0, ids.length - 1)];
    if (id === undefined) return;
    await this.#world.ask(
      { name: `reads ${id}`, ask: (registry) => registry.readInstance({ key: { ...key, id } }) },
      ({ body }, heardAt, revision) => {
        if (body === null) return this.#wrong(`${id} was read without a condition, but not answered`);
        const view = readJsonText(body);
        const service = this.#world.chronicle.replica.service(key.group, key.service, revision);
        const wrong = difference(shownView(view), expectedView(service, id));
        if (wrong !== undefined) this.#wrong(`${id} is ${wrong}`);
        this.#world.leases.shown({ ...key, id }, view.healthy, heardAt);
      },
    );
  }

  async #listServices(): Promise<void> {
    await this.#world.ask(
      { name: 'lists services', ask: (registry) => registry.listServices({}) },
      ({ body }, _heardAt, revision) => {
        if (body === null) return this.#wrong('services were read without a condition, but not answered');
        const shown = new Map(readJsonText(body).services.map((each) => [`${each.group}@@${each.name}`, each]));
        for (const { group, service: name } of this.#services) {
          const service = this.#world.chronicle.replica.service(group, name, revision);
          const views = [...service.instances.keys()].map((id) => expectedView(service, id));
          const healthy = views.filter((view) => view?.healthy).length;
          const available = views.filter((view) => view?.available).length;
          const expected = `${views.length} instances, ${healthy} healthy, ${available} available`;
          const summary = shown.get(`${group}@@${name}`);
          const is =
            summary === undefined
              ? '0 instances, 0 healthy, 0 available'
              : `${summary.instances} instances, ${summary.healthy} healthy, ${summary.available} available`;
          if (is !== expected) this.#wrong(`${name} is listed with ${is} instead of ${expected}`);
          const exists = views.length > 0 || service.own !== undefined;
          if (exists !== (summary !== undefined)) this.#wrong(`${name} ${exists ? 'is not' : 'is'} listed`);
        }
      },
    );
  }

  async #stats(): Promise<void> {
    await this.#world.ask(
      { name: 'reads stats', ask: (registry) => registry.stats() },
      ({ body }, _heardAt, revision) => {
        const stats = readJsonText(body);
        if (stats.revision !== revision) this.#wrong(`stats report revision ${stats.revision} at ${revision}`);
      },
    );
  }

  #compare(
    name: string,
    service: ServiceAt,
    heardAt: number,
    instances: (Parameters<typeof shownView>[0] & { id: string })[],
  ): void {
    const ids = instances.map(({ id }) => id);
    const expected = [...service.instances.keys()].sort();
    if (ids.join() !== expected.join()) this.#wrong(`${name} lists ${ids.join()}; it has ${expected.join()}`);
    for (const view of instances) {
      const wrong = difference(shownView(view), expectedView(service, view.id));
      if (wrong !== undefined) this.#wrong(`${view.id} is ${wrong}`);
      this.#world.leases.shown({ group: view.group, service: view.service, id: view.id }, view.healthy, heardAt);
    }
    for (const [id, { text }] of service.overrides) this.#checkQuarantine(id, text, heardAt);
  }

  /** Checks that no expired quarantine exists when it is read. */
  #checkQuarantine(id: string, text: string, heardAt: number): void {
    const until = /"until":"([^"]+)"/.exec(text)?.[1];
    if (until === undefined || !this.#world.clockIsSteady) return;
    const overMs = heardAt - this.#world.machine.clock.timeAt(Date.parse(until));
    if (overMs > 0) this.#world.report('O5', `the quarantine of ${id} ended ${overMs} ms ago, but is still shown`);
  }

  /** Returns the content of the last full list of a service, by its cursor. */
  #knownRevision({ group, service }: ServiceKey): Map<string, string> {
    const name = `${group}@@${service}`;
    const known = this.#digests.get(name) ?? new Map<string, string>();
    this.#digests.set(name, known);
    return known;
  }

  readonly #digests = new Map<string, Map<string, string>>();

  #digest({ instances, overrides, own }: ServiceAt): string {
    return JSON.stringify([[...instances].sort(byId), [...overrides].sort(byId), own]);
  }

  #wrong(what: string): void {
    this.#world.report('V1', what);
  }
}

const byId = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

/** Returns whether an instance receives traffic if it is healthy. */
function takesTraffic({ enabled, quarantined, status, weight }: NonNullable<ReturnType<typeof expectedView>>): boolean {
  return enabled && !quarantined && status === 'up' && weight > 0;
}

/** Returns a list as text, without the flapping mark, which ends by time alone and is not part of the past. */
function lasting(instances: readonly InstanceView[]): string {
  return JSON.stringify(instances.map(({ flapping: _flapping, ...view }) => view));
}
