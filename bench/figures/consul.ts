import type { BenchServer } from '../bench-server';
import type { Contest } from '../contest';
import {
  expect,
  listing,
  made,
  nativeList,
  nativeRegister,
  nativeRenew,
  registerRenewed,
  renewed,
} from '../native-contests';
import { NATIVE, type PairedContest, pairedFigure } from '../paired-contest';
import { NAMESPACE_PATH, placeOf, RESOLVED_COUNT } from '../population';
import { referenceInstance } from '../reference-instance';

/** Returns instance `n` as an agent's client registers it, with a check that outlives the run. */
function consulRegistration(n: number): { path: string; body: string } {
  const { service, id } = placeOf(n);
  const { address, port, metadata, tags } = referenceInstance(n);
  const body = JSON.stringify({
    ID: id,
    Name: service,
    Tags: tags,
    Address: address,
    Port: port,
    Meta: metadata,
    Check: { TTL: '24h', Status: 'passing' },
  });
  return { path: '/v1/agent/service/register', body };
}

const register: Contest = {
  ...made,
  name: 'consul-register',
  title: 'Consul: register at an agent, new instances, durable',
  method: 'PUT',
  request: consulRegistration,
  check: (answer) => expect(answer === '', 'a registration has an empty response', answer),
};

const passPath = (n: number): string => `/v1/agent/check/pass/service:${placeOf(n).id}?note=`;

const pass: Contest = {
  ...renewed,
  name: 'consul-pass',
  title: 'Consul: pass a TTL check that passes',
  method: 'PUT',
  prepare: async (registry) => {
    await registerRenewed(registry, (n) => {
      const { path, body } = consulRegistration(n);
      return ['PUT', path, body];
    });
    // The first result of a check is a change.
    await registerRenewed(registry, (n) => ['PUT', passPath(n), '']);
  },
  request: (n) => ({ path: passPath(n), body: '' }),
  check: (answer) => expect(answer === '', 'a passed check has an empty response', answer),
};

const health: Contest = {
  ...listing((service) => `/v1/health/service/${service}?passing=1`),
  name: 'consul-health',
  title: `Consul: health of a service of ${RESOLVED_COUNT}, passing`,
  check: (answer) =>
    expect(answer.split('"Service":{').length === RESOLVED_COUNT + 1, 'a list shows all instances', answer),
};

/** Keys that are read and put in turn, and the length of their values. */
const KEYS_COUNT = 1_000;
const VALUE_BYTES = 1_024;

const keyOf = (n: number): string => `config/service/${String(n % KEYS_COUNT).padStart(5, '0')}`;

/** Returns a value that differs from the one before it. */
const value = (n: number): string => String(n).padStart(VALUE_BYTES, '0');

/** Returns the contests of reading and of putting keys below a path. */
function keyContests(
  name: string,
  what: string,
  path: string,
  check: (isPut: boolean) => Contest['check'],
): Record<'get' | 'put', Contest> {
  const request = (n: number) => ({ path: `${path}/${keyOf(n)}`, body: value(n) });
  const prepare = async (registry: BenchServer) => {
    for (let n = 0; n < KEYS_COUNT; n++) await registry.must('PUT', request(n).path, request(n).body);
  };
  return {
    get: {
      name: `${name}-get`,
      title: `${what}: get a key of 1 KiB`,
      ...{ method: 'GET', population: 0, cycle: KEYS_COUNT, prepare },
      request: (n) => ({ path: request(n).path }),
      check: check(false),
    },
    put: {
      name: `${name}-put`,
      title: `${what}: put a key of 1 KiB, durable`,
      ...{ method: 'PUT', population: 0, cycle: 2 * KEYS_COUNT, prepare },
      // The first request differs from what is there.
      request: (n) => request(n + KEYS_COUNT),
      check: check(true),
      verify: (before, after, answered) => {
        const changes = after.revision - before.revision;
        if (changes < answered) throw new Error(`${answered} changes were answered, and ${changes} revisions made`);
      },
    },
  };
}

const nativeKeys = keyContests(
  'consul-kv-native',
  'Entries',
  `${NAMESPACE_PATH}/kv`,
  (isPut) => (answer) =>
    expect(isPut ? answer.includes('"version":2') : answer === value(0), 'an entry is put, and read back', answer),
);
const keys = keyContests(
  'consul-kv',
  'Consul',
  '/v1/kv',
  (isPut) => (answer) =>
    expect(isPut ? answer === 'true' : answer.includes(btoa(value(0))), 'a key is put, and read back', answer),
);

/** The most frequent calls of Consul's clients, against the native calls for the same work. */
export const consul = pairedFigure(
  'consul',
  [
    { floor: nativeRegister('consul'), contest: register },
    { floor: nativeRenew('consul'), contest: pass },
    { floor: nativeList('consul-health-native'), contest: health },
    { floor: nativeKeys.get, contest: keys.get },
    { floor: nativeKeys.put, contest: keys.put },
  ] satisfies PairedContest[],
  NATIVE,
);
