import type { Grant } from '../../src/model/grant';
import type { SeededRandom } from '../simulation/seeded-random';
import type { Target } from './exchange';
import { escaped, type FuzzRequest } from './fuzz-request';
import type { Sender } from './principals';

/** A sender with known grants, on a few services only. */
export interface LimitedSender extends Sender {
  tokenId: string;
  grants: readonly Grant[];
}

/** Grants on names that are close together in every spelling that could be mistaken for another. */
const GRANTS: Record<string, Grant[]> = {
  'register own': [{ scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@own'] }],
  'register own and carts': [{ scope: 'register', ns: '*', services: ['DEFAULT_GROUP@@own', 'DEFAULT_GROUP@@carts'] }],
  'register the team': [{ scope: 'register', ns: '*', services: ['team@@*'] }],
  'register what begins with own': [
    { scope: 'register', ns: 'public', services: ['DEFAULT_GROUP@@own*', 'team@@own'] },
  ],
  'operate own': [{ scope: 'operate', ns: 'public', services: ['DEFAULT_GROUP@@own'] }],
};

/** Creates a token for each of these grants. */
export async function makeLimitedSenders(target: Target): Promise<[LimitedSender, ...LimitedSender[]]> {
  const make = async ([name, grants]: [string, Grant[]]): Promise<LimitedSender> => {
    const { id, token } = await target.must<{ id: string; token: string }>('POST', '/api/v1/tokens', { name, grants });
    return { name, tokenId: id, secret: token, carrier: 'header', grants };
  };
  const [first, ...others] = await Promise.all(Object.entries(GRANTS).map(make));
  if (first === undefined) throw new Error('there are no grants');
  return [first, ...others];
}

const GROUPS = [
  'DEFAULT_GROUP',
  'DEFAULT_GROUP',
  'DEFAULT_GROUP',
  'team',
  'team',
  'team@',
  'DEFAULT_GROUP@',
  '@',
  'a@@b',
] as const;
/** None has upper-case letters: Eureka's clients treat names that differ in case as one application. */
const SERVICES = [
  'own',
  'own',
  'own',
  'own-2',
  'carts',
  'victim',
  '@own',
  'team@@own',
  '@@own',
  'own@',
  'own@@x',
] as const;
/** Virtual addresses, in the spellings that clients compare alike. */
const ADDRESSES = [
  'own',
  'OWN',
  'victim',
  'VICTIM',
  ' victim',
  'carts',
  'team@@own',
  'Team@@Victim',
  'own@@x',
  '',
] as const;
const JSON_TYPE: [string, string][] = [['Content-Type', 'application/json']];

/** Creates registrations under names and virtual addresses that belong to others, or could be mistaken for theirs. */
export class HostileNames {
  readonly #random: SeededRandom;

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  next(): FuzzRequest {
    return this.#random.pick([
      () => this.#instance(),
      () => this.#batch(),
      () => this.#eureka(),
      () => this.#eureka(),
      () => this.#goMicro(),
      () => this.#nacos(),
    ])();
  }

  #instance(): FuzzRequest {
    const [ns, group, service, id] = [this.#namespace(), this.#group(), this.#service(), this.#id()];
    const path = `/api/v1/ns/${ns}/groups/${escaped(group)}/services/${escaped(service)}/instances/${id}`;
    return request('registerInstance', 'PUT', path, JSON.stringify(this.#definition()));
  }

  #batch(): FuzzRequest {
    const operations = Array.from({ length: this.#random.whole(1, 2) }, (_, index) => ({
      op: 'register',
      group: this.#group(),
      service: this.#service(),
      id: `${this.#id()}${index}`,
      ...this.#definition(),
    }));
    return request('applyBatch', 'POST', `/api/v1/ns/${this.#namespace()}/batch`, JSON.stringify({ operations }));
  }

  #eureka(): FuzzRequest {
    const app = this.#name().toUpperCase();
    const instance = {
      instanceId: this.#id(),
      app,
      hostName: 'host',
      ipAddr: '10.0.0.7',
      status: 'UP',
      port: { $: 80, '@enabled': 'true' },
      dataCenterInfo: { name: 'MyOwn' },
      ...this.#addresses(),
    };
    const path = `/n/${this.#namespace()}/eureka/apps/${escaped(app)}`;
    return { ...request('eureka register', 'POST', path, JSON.stringify({ instance })), dialect: 'eureka' };
  }

  #goMicro(): FuzzRequest {
    const service = { name: this.#name(), version: '1', nodes: [{ id: this.#id(), address: '10.0.0.7:80' }] };
    const path = `/n/${this.#namespace()}/registry`;
    return { ...request('go-micro register', 'POST', path, JSON.stringify(service)), dialect: 'go-micro' };
  }

  #nacos(): FuzzRequest {
    const query = `serviceName=${escaped(this.#name())}&groupName=${escaped(this.#group())}&ip=10.0.0.7&port=80`;
    const path = `/n/${this.#namespace()}/nacos/v1/ns/instance?${query}`;
    const asked = request('nacos v1 register instance', 'POST', path, '');
    return { ...asked, dialect: 'nacos', headers: [], body: undefined };
  }

  #definition(): object {
    const extensions = this.#random.chance(0.7) ? { eureka: this.#addresses() } : {};
    return { address: '10.0.0.7', port: 80, extensions };
  }

  #addresses(): object {
    const list = () => Array.from({ length: this.#random.whole(1, 3) }, () => this.#random.pick(ADDRESSES)).join(',');
    return {
      ...(this.#random.chance(0.6) ? { vipAddress: list() } : {}),
      ...(this.#random.chance(0.4) ? { secureVipAddress: list() } : {}),
    };
  }

  /** Returns a service name as clients write it: with or without its group in front. */
  #name(): string {
    return this.#random.chance(0.6) ? this.#service() : `${this.#group()}@@${this.#service()}`;
  }

  #namespace(): string {
    return this.#random.pick(['public', 'public', 'fuzz']);
  }

  #group(): string {
    return this.#random.pick(GROUPS);
  }

  #service(): string {
    return this.#random.pick(SERVICES);
  }

  #id(): string {
    return this.#random.pick(['h1', 'h2', 'h3', 'h4']);
  }
}

function request(operation: string, method: string, target: string, body: string): FuzzRequest {
  return { operation, method, target, headers: JSON_TYPE, body: Buffer.from(body), mayWait: false };
}
