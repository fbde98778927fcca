import { type ClusterChecker, checkersIn, headersOf, isProbing } from '../../codecs/nacos/cluster-checker';
import { hasCode } from '../../model/errors';
import type { InstanceView } from '../../model/instance';
import { readJsonText } from '../../model/json';
import type { Caller, NamespaceApi, ServiceKey } from '../../model/namespace-api';
import type { CheckedInstance, CheckRegistry, CheckSink } from '../checks/check-registry';
import { addressWithPort, type CheckResult, type ProbeDefinition } from '../checks/probe';
import { instanceName } from './checked-instance';

/** Time between two looks at the services that have checkers. */
const FOLLOW_INTERVAL_MS = 5_000;

/** Rhythm of the checks: Nacos checks every 2 to 7 s, and changes the health after three results in a row. */
const CHECK_INTERVAL_NS = 5e9;
const CHECK_TIMEOUT_NS = 2e9;
const RESULTS_IN_A_ROW = 3;

const CHECK_ID = 'cluster';

/** Beginning of the names of these instances. No namespace begins with it, so that no instance of Consul's has such a name. */
const NAME_PREFIX = '@nacos ';

/** The registry itself calls its namespaces. */
const CALLER: Caller = { tokenId: 'root', operates: true };

/** Parameters of {@link NacosClusters}. */
export interface NacosClustersOptions {
  namespaceOf(id: string): { calls: NamespaceApi } | undefined | Promise<{ calls: NamespaceApi } | undefined>;
  log(level: 'warn' | 'error', message: string, facts?: Record<string, unknown>): void;
  /** Default: {@link FOLLOW_INTERVAL_MS}. */
  followIntervalMs?: number | undefined;
}

/** A service whose clusters have checkers. */
interface Followed {
  namespace: string;
  key: ServiceKey;
  /** False: it turned out to have no checkers. */
  isChecked: boolean;
  /** Cursor of the last read of its instances. Its definition, which has the checkers, counts as a change of them. */
  cursor: string | undefined;
  /** Names of the checked instances. */
  names: Set<string>;
  /** The look under way, and whether another one must follow it. */
  look: Promise<void> | undefined;
  again: boolean;
}

/** Reports whether the health of an instance is that of its cluster's checker: it has no lease, and no dialect's own checks. */
const isChecked = ({ ephemeral, extensions }: InstanceView): boolean =>
  !ephemeral && Object.keys(extensions).length === 0;

/**
 * The persistent instances in clusters of Nacos that have a checker, as checks of the runner in the process of the registry.
 * A service is looked at when its checkers change, and every few seconds as long as it has some.
 */
export class NacosClusters implements Pick<CheckRegistry, 'start' | 'report' | 'close'> {
  readonly #options: NacosClustersOptions;
  readonly #followed = new Map<string, Followed>();
  #sink: CheckSink | undefined;
  #following: ReturnType<typeof setInterval> | undefined;
  #isClosed = false;

  constructor(options: NacosClustersOptions) {
    this.#options = options;
  }

  start(sink: CheckSink): void {
    this.#sink = sink;
    const lookAtAll = () => {
      for (const { namespace, key } of this.#followed.values()) void this.look(namespace, key);
    };
    this.#following = setInterval(lookAtAll, this.#options.followIntervalMs ?? FOLLOW_INTERVAL_MS);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#following);
    await Promise.all([...this.#followed.values()].map(({ look }) => look));
  }

  /** Reports whether an instance of the runner is one of these. */
  has({ name }: Pick<CheckedInstance, 'name'>): boolean {
    return name.startsWith(NAME_PREFIX);
  }

  /** Looks at a service if it has checkers, for a scan of a whole namespace. */
  found(
    namespace: string,
    { group, name, metadata }: { group: string; name: string; metadata: Record<string, string> },
  ) {
    if (checkersIn(metadata).size > 0) void this.look(namespace, { group, service: name });
  }

  /** Looks at the checkers of a service and at its instances. A call during a look has another one follow. Never rejects. */
  look(namespace: string, { group, service }: ServiceKey): Promise<void> {
    const name = `${namespace} ${group}@@${service}`;
    const known = this.#followed.get(name);
    const key = { group, service };
    const fresh = { namespace, key, isChecked: true, cursor: undefined, names: new Set<string>(), look: undefined };
    const followed: Followed = known ?? { ...fresh, again: false };
    if (known === undefined) this.#followed.set(name, followed);
    followed.again = true;
    followed.look ??= this.#lookUntilDone(name, followed);
    return followed.look;
  }

  /** Sets the status of an instance, unless it has that already, or one that is not about its health. */
  async report({ namespace, key }: CheckedInstance, _: string, result: CheckResult): Promise<'reported' | 'gone'> {
    const { calls } = (await this.#options.namespaceOf(namespace)) ?? {};
    if (calls === undefined) return 'gone';
    try {
      const { body } = await calls.readInstance({ key });
      const instance = body === null ? undefined : readJsonText(body);
      if (instance === undefined || !isChecked(instance)) return 'gone';
      const status = result.status === 'critical' ? 'down' : 'up';
      const { revision } = instance;
      if ((instance.status === 'up' || instance.status === 'down') && instance.status !== status) {
        await calls.patch(CALLER, { key, patch: { status }, precondition: { revision } });
      }
      return 'reported';
    } catch (error) {
      if (isMissing(error)) return 'gone';
      throw error;
    }
  }

  async #lookUntilDone(name: string, followed: Followed): Promise<void> {
    try {
      while (followed.again && !this.#isClosed) {
        followed.again = false;
        await this.#lookOnce(followed);
      }
    } catch (error) {
      const facts = { service: name, error: String(error) };
      if (!this.#isClosed) this.#options.log('warn', 'the clusters of a service could not be read', facts);
    } finally {
      followed.look = undefined;
      if (!followed.isChecked) this.#followed.delete(name);
    }
  }

  async #lookOnce(followed: Followed): Promise<void> {
    const { namespace, key } = followed;
    const { calls } = (await this.#options.namespaceOf(namespace)) ?? {};
    try {
      const { body } = calls === undefined ? { body: null } : await calls.readService(key);
      const all = checkersIn(body === null ? {} : readJsonText(body).metadata);
      const checkers = new Map([...all].filter(([, checker]) => isProbing(checker)));
      if (calls === undefined || checkers.size === 0) this.#forget(followed);
      else await this.#readInstances(calls, checkers, followed);
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#forget(followed);
    }
  }

  async #readInstances(
    calls: NamespaceApi,
    checkers: ReadonlyMap<string, ClusterChecker>,
    followed: Followed,
  ): Promise<void> {
    const { namespace, key } = followed;
    const found = new Set<string>();
    let cursor: string | undefined;
    let after: string | undefined;
    do {
      const condition = after === undefined ? { ifNoneMatch: followed.cursor } : { after };
      const part = await calls.listInstances({ ...key, filter: {}, ...condition });
      if (part.body === null) return;
      cursor ??= part.cursor;
      const { instances, next } = readJsonText(part.body);
      for (const instance of instances) {
        const checked = checkedInstance(instance, namespace, checkers.get(instance.cluster));
        if (checked === undefined) continue;
        found.add(checked.name);
        this.#sink?.put(checked);
      }
      after = next;
    } while (after !== undefined);
    for (const name of followed.names) if (!found.has(name)) this.#sink?.remove(name);
    Object.assign(followed, { isChecked: true, cursor, names: found });
  }

  #forget(followed: Followed): void {
    for (const name of followed.names) this.#sink?.remove(name);
    Object.assign(followed, { isChecked: false, cursor: undefined, names: new Set() });
  }
}

const isMissing = (error: unknown): boolean =>
  hasCode(error, 'INSTANCE_NOT_FOUND') || hasCode(error, 'SERVICE_NOT_FOUND') || hasCode(error, 'NAMESPACE_NOT_FOUND');

/** Returns an instance with the check of its cluster; undefined if nothing checks it, or nothing could. */
function checkedInstance(
  instance: InstanceView,
  namespace: string,
  checker: ClusterChecker | undefined,
): CheckedInstance | undefined {
  const { group, service, id, address, port, status } = instance;
  if (checker === undefined || !isChecked(instance) || address === undefined || port === undefined) return undefined;
  // An instance that its owner holds out of traffic has another status, which says nothing about its health.
  if (status !== 'up' && status !== 'down') return undefined;
  return {
    name: `${NAME_PREFIX}${instanceName(namespace, instance)}`,
    namespace,
    key: { group, service, id },
    node: '',
    serviceId: id,
    address,
    ttlMs: null,
    checks: [
      {
        id: CHECK_ID,
        definition: definitionOf(checker, address, port),
        shown: { status: status === 'up' ? 'passing' : 'critical', output: '' },
        isReported: true,
      },
    ],
  };
}

function definitionOf(checker: ClusterChecker, address: string, instancePort: number): ProbeDefinition {
  const place = addressWithPort(address, checker.useInstancePort4Check ? instancePort : checker.checkPort);
  const isHttp = checker.type === 'HTTP';
  return {
    kind: isHttp ? 'http' : 'tcp',
    interval: CHECK_INTERVAL_NS,
    timeout: CHECK_TIMEOUT_NS,
    deregisterAfter: 0,
    http: isHttp ? `http://${place}/${checker.path.replace(/^\//, '')}` : '',
    method: 'GET',
    header: { 'user-agent': ['Rollcall Health Check'], ...headersOf(checker) },
    body: '',
    ...(isHttp ? { expectedStatus: checker.expectedResponseCode } : {}),
    tcp: isHttp ? '' : place,
    tcpUseTls: false,
    grpc: '',
    grpcUseTls: false,
    tlsServerName: '',
    tlsSkipVerify: false,
    successBeforePassing: RESULTS_IN_A_ROW,
    failuresBeforeWarning: 0,
    failuresBeforeCritical: RESULTS_IN_A_ROW,
  };
}
