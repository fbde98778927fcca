import { describe } from 'vitest';
import { auditSuite } from '../access/audit-suite';
import { limitsSuite } from '../access/limits-suite';
import { tokensSuite } from '../access/tokens-suite';
import { consulAgentSuite } from '../dialects/consul-agent-suite';
import { consulHealthSuite } from '../dialects/consul-health-suite';
import { consulKvSuite } from '../dialects/consul-kv-suite';
import { etcdSuite } from '../dialects/etcd-suite';
import { eurekaSuite } from '../dialects/eureka-suite';
import { goMicroKeptSuite } from '../dialects/go-micro-kept-suite';
import { goMicroWatchSuite } from '../dialects/go-micro-watch-suite';
import { nacosConsoleSuite } from '../dialects/nacos-console-suite';
import { nacosSuite } from '../dialects/nacos-suite';
import { directorySuite } from '../directory/directory-suite';
import type { Home } from '../fixtures/home';
import { entriesSuite } from '../http/entries-suite';
import { longListsSuite } from '../http/long-lists-suite';
import { nativeApiSuite } from '../http/native-api-suite';
import { openapiAnswersSuite } from '../http/openapi-answers-suite';
import { transferSuite } from '../http/transfer-suite';
import { layoutsSuite } from '../layouts/layouts-suite';
import { disappearancesSuite } from '../past/disappearances-suite';
import { residentHomes } from '../programs/resident-home';
import { drainSuite } from '../watch/drain-suite';
import { eventStreamSuite } from '../watch/event-stream-suite';
import { keyWatchSuite } from '../watch/key-watch-suite';
import { longPollSuite } from '../watch/long-poll-suite';
import { socketSuite } from '../watch/socket-suite';

/** Runs the suites that the whole Worker passes in workerd on the single process of one machine, on each runtime. */

const SUITES: Record<string, (home: Home) => void> = {
  transfer: transferSuite,
  'event streams': eventStreamSuite,
  'watches of keys': keyWatchSuite,
  'long-polls': longPollSuite,
  socket: socketSuite,
  entries: entriesSuite,
  layouts: layoutsSuite,
  directory: directorySuite,
  etcd: etcdSuite,
  Eureka: eurekaSuite,
  'go-micro watch': goMicroWatchSuite,
};

/** Suites that depend less on the runtime: on the other one they run only if `ROLLCALL_TEST_RUNTIME` names it. */
const FURTHER_SUITES: Record<string, (home: Home) => void> = {
  'native API': nativeApiSuite,
  drain: drainSuite,
  audit: auditSuite,
  limits: limitsSuite,
  tokens: tokensSuite,
  past: disappearancesSuite,
  'agents of Consul': consulAgentSuite,
  'go-micro': goMicroKeptSuite,
  'keys of Consul': consulKvSuite,
  'reads of Consul': consulHealthSuite,
  Nacos: nacosSuite,
  "Nacos' console": nacosConsoleSuite,
};

/** Further such suites, whose tests build on the results of earlier ones. */
const KEEPING_SUITES: Record<string, (home: Home) => void> = {
  'OpenAPI answers': openapiAnswersSuite,
  'long lists': longListsSuite,
};

const whole = process.env.ROLLCALL_TEST_RUNTIME === 'node' ? 'node' : 'deno';

describe.each(['deno', 'node'] as const)('on %s', (runtime) => {
  const { home } = residentHomes(runtime);
  const suites = runtime === whole ? { ...SUITES, ...FURTHER_SUITES } : SUITES;
  describe.each(Object.entries(suites))('%s', (_, suite) => suite(home()));
  const keeping = runtime === whole ? KEEPING_SUITES : {};
  describe.each(Object.entries(keeping))('%s', (_, suite) => suite(home({ keeps: true })));
});
