import type { CheckDefinition } from '../../codecs/consul/check';
import { type KeptCheck, keptBy, nodesRecordIn } from '../../codecs/consul/kept';
import { isTtl } from '../../codecs/consul/registration';
import { hostOfUrl } from '../../model/address';
import type { InstanceView } from '../../model/instance';
import type { CheckedInstance, CheckToRun } from '../checks/check-registry';
import { PROBE_KINDS, type ProbeDefinition, type ProbeKind } from '../checks/probe';

/** The members of an instance that say which checks it has. The client's type of an instance has them, too. */
export type CheckView = Pick<
  InstanceView,
  'id' | 'group' | 'service' | 'address' | 'url' | 'ephemeral' | 'extensions'
> & { lease: { ttlMs: number } | null };

const isProbe = (kind: string): kind is ProbeKind => PROBE_KINDS.some((each) => each === kind);

/** Returns the members of a definition that a run uses; undefined if nothing runs such a check. */
function probeOf(definition: CheckDefinition | undefined): ProbeDefinition | undefined {
  if (definition === undefined || !isProbe(definition.kind)) return undefined;
  return {
    kind: definition.kind,
    interval: definition.interval,
    timeout: definition.timeout,
    deregisterAfter: definition.deregisterAfter,
    http: definition.http,
    method: definition.method,
    header: definition.header,
    body: definition.body,
    tcp: definition.tcp,
    tcpUseTls: definition.tcpUseTls,
    grpc: definition.grpc,
    grpcUseTls: definition.grpcUseTls,
    tlsServerName: definition.tlsServerName,
    tlsSkipVerify: definition.tlsSkipVerify,
    successBeforePassing: definition.successBeforePassing,
    failuresBeforeWarning: definition.failuresBeforeWarning,
    failuresBeforeCritical: definition.failuresBeforeCritical,
  };
}

function toRun({ id, definition, status, output, at }: KeptCheck): CheckToRun[] {
  const probe = probeOf(definition);
  return probe === undefined ? [] : [{ id, definition: probe, shown: { status, output }, isReported: at > 0 }];
}

/** Returns the name of an instance that is unique over all namespaces. */
export const instanceName = (namespace: string, { group, service, id }: Pick<CheckView, 'group' | 'service' | 'id'>) =>
  `${namespace} ${group}@@${service} ${id}`;

/**
 * Returns an instance with the checks that a runner is to carry out; undefined if it has none for this runner.
 *
 * A check of a node has a record of its own. Its runner is on that node, as Consul's agents are, so that the check may use
 * the loopback address.
 */
export function checkedInstance(view: CheckView, namespace: string, runner: string): CheckedInstance | undefined {
  const name = instanceName(namespace, view);
  const key = { group: view.group, service: view.service, id: view.id };
  const ttlMs = view.ephemeral ? (view.lease?.ttlMs ?? null) : null;
  const kept = keptBy(view);
  if (kept !== undefined) {
    const address = view.address ?? (view.url === undefined ? undefined : hostOfUrl(view.url));
    const checks = kept.checks.flatMap(toRun);
    if (kept.runner !== runner || checks.length === 0 || address === undefined) return undefined;
    // The lease of an instance with a TTL check is its client's.
    const isOwn = !kept.checks.some(isTtl);
    const { node, id: serviceId } = kept;
    return { name, namespace, key, node, serviceId, address, ttlMs: isOwn ? ttlMs : null, checks };
  }
  const record = nodesRecordIn(view);
  if (record === undefined || !('nodeCheck' in record) || record.nodeCheck.runner !== runner) return undefined;
  const { node, serviceId = '', check } = record.nodeCheck;
  const checks = toRun(check);
  if (checks.length === 0) return undefined;
  return { name, namespace, key, node, serviceId, address: '127.0.0.1', ttlMs: isTtl(check) ? null : ttlMs, checks };
}
