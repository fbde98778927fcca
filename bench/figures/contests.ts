import type { Contest } from '../contest';
import { LISTED_COUNT, LISTED_PATH, registerListed } from '../listed-service';
import {
  instancePath,
  NAMESPACE_PATH,
  RESOLVED_COUNT,
  registration,
  registrationBatch,
  servicePath,
  servicesOfTwenty,
} from '../population';

/** Number of instances for reads: a namespace of typical size. */
const POPULATION = 10_000;

/** Number of instances renewed in turn, few enough that each is renewed within its lease even on a slow machine. */
const RENEWED_COUNT = 3_000;

/** Number of instances that the batch loads register in turn, each time with different metadata. */
const BATCHED_COUNT = 20_000;

function expect(holds: boolean, what: string, seen: unknown): void {
  if (!holds) throw new Error(`${what}; got ${String(seen).slice(0, 300)}`);
}

/** Members of an answer that the checks read. */
interface Shown {
  id?: string;
  expiresAt?: string;
  available?: boolean;
  instances?: { address?: string }[];
  results?: { outcome: string }[];
}

function parse(answer: string): Shown {
  // A missing member fails the check that reads it.
  return JSON.parse(answer) as Shown;
}

function checkInstances(count: number) {
  return (answer: string) => {
    const instances = parse(answer).instances ?? [];
    expect(instances.length === count, `a response has ${count} instances`, answer);
    expect(
      instances.every(({ address }) => address?.startsWith('10.')),
      'each instance has its address',
      answer,
    );
  };
}

const heartbeat: Contest = {
  name: 'heartbeat',
  title: 'Heartbeat, one lease a request',
  against: {
    resident: { floor: 'hello', goal: { of: 'ratio', atLeast: 0.6 } },
    workerd: { floor: 'noop', goal: { of: 'ratio', atLeast: 0.75 } },
  },
  method: 'POST',
  population: RENEWED_COUNT,
  cycle: RENEWED_COUNT,
  renews: true,
  request: (n) => ({ path: `${instancePath(n)}/heartbeat`, body: '' }),
  check: (answer) => expect(parse(answer).expiresAt !== undefined, 'a heartbeat returns the end of the lease', answer),
  verify: (before, after, answered) => {
    const renewals = after.sinceStart.renewals - before.sinceStart.renewals;
    expect(renewals >= answered, `${answered} heartbeats were answered, and as many leases renewed`, renewals);
  },
};

const register: Contest = {
  name: 'register',
  title: 'Register, new instances, durable',
  against: {
    resident: { floor: 'bare', goal: { of: 'ratio', atLeast: 0.8 } },
    workerd: { floor: 'bare', goal: { of: 'ratio', atLeast: 0.75 } },
  },
  method: 'PUT',
  population: 0,
  fresh: true,
  request: (n) => registration(n),
  check: (answer) => expect(parse(answer).available === true, 'a new instance is available', answer),
  verify: (before, after, answered) => {
    const made = after.instances - before.instances;
    expect(made > answered, `${answered} instances and that of the check were registered, and all exist`, made);
  },
};

const registerOver128: Contest = {
  ...register,
  name: 'register-128',
  title: 'Register, new instances, durable, over 128 connections',
  connections: 128,
};

const registerAgain: Contest = {
  name: 'register-again',
  title: 'Register again, same content',
  against: { resident: { floor: 'hello' }, workerd: { floor: 'noop' } },
  method: 'PUT',
  population: RENEWED_COUNT,
  cycle: RENEWED_COUNT,
  renews: true,
  request: (n) => registration(n),
  check: (answer) => expect(parse(answer).available === true, 'an instance is available', answer),
  verify: (before, after) =>
    expect(after.revision === before.revision, 'a repeated registration makes no revision', after.revision),
};

function resolving(query: string): Pick<Contest, 'method' | 'population' | 'cycle' | 'request' | 'check'> {
  const services = servicesOfTwenty(POPULATION);
  return {
    method: 'GET',
    population: POPULATION,
    cycle: services.length,
    request: (n) => ({ path: `${servicePath(services[n % services.length] ?? '')}/resolve${query}` }),
    check: checkInstances(RESOLVED_COUNT),
  };
}

const resolve: Contest = {
  name: 'resolve',
  title: `Resolve, ${RESOLVED_COUNT} instances`,
  against: {
    resident: { floor: 'hello', goal: { of: 'ratio', atLeast: 0.5 } },
    workerd: { floor: 'noop', goal: { of: 'ratio', atLeast: 0.7 } },
  },
  ...resolving(''),
};

const cachedResolve: Contest = {
  name: 'cached-resolve',
  title: `Resolve with consistency=cached, ${RESOLVED_COUNT} instances`,
  against: { resident: { floor: 'hello' }, workerd: { floor: 'hello', goal: { of: 'ratio', atLeast: 0.7 } } },
  ...resolving('?consistency=cached'),
};

const list: Contest = {
  name: 'list',
  title: `List, ${LISTED_COUNT} instances, unchanged since the last list`,
  against: { resident: { floor: 'hello' }, workerd: { floor: 'noop' } },
  method: 'GET',
  population: POPULATION,
  cycle: 1,
  prepare: registerListed,
  request: () => ({ path: LISTED_PATH }),
  check: checkInstances(LISTED_COUNT),
};

function batch(size: number): Contest {
  const perGeneration = BATCHED_COUNT / size;
  return {
    name: `batch-${size}`,
    title: `Register in batches of ${size}`,
    note: '8 connections; the first batches create instances, the later ones change them',
    method: 'POST',
    connections: 8,
    population: 0,
    fresh: true,
    // Three generations, so that requests skipped or repeated between two runs of the load still change something.
    cycle: perGeneration * 3,
    counts: { each: size, unit: 'instances/s' },
    request: (n) => {
      const first = (n % perGeneration) * size;
      const body = registrationBatch(first, first + size, { generation: Math.floor(n / perGeneration) });
      return { path: `${NAMESPACE_PATH}/batch`, body };
    },
    check: (answer) => {
      const created = parse(answer).results?.filter(({ outcome }) => outcome === 'created');
      expect(created?.length === size, `a batch creates ${size} instances`, answer);
    },
    verify: (before, after, answered) => {
      const made = after.revision - before.revision;
      expect(made >= answered, `${answered} batches changed something, and made as many revisions`, made);
    },
  };
}

/** Figures that are rates. */
export const contests: readonly Contest[] = [
  heartbeat,
  register,
  registerOver128,
  registerAgain,
  resolve,
  cachedResolve,
  list,
  batch(100),
  batch(1_000),
];
