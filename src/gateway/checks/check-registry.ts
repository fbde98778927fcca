import type { InstanceKey } from '../../model/batch';
import type { CheckResult, ProbeDefinition } from './probe';

/** A check that the runner carries out. */
export interface CheckToRun {
  /** Unique on the node. */
  id: string;
  definition: ProbeDefinition;
  /** Result that the registry shows. */
  shown: CheckResult;
  /** False if that is only the status with which it was registered. */
  isReported: boolean;
}

/** An instance with checks for this runner. */
export interface CheckedInstance {
  /** Unique over all namespaces. */
  name: string;
  namespace: string;
  key: InstanceKey;
  /** Node and service id, as Consul's clients name the instance. */
  node: string;
  serviceId: string;
  /** Address or host name. */
  address: string;
  /** Time to live of its lease if the runner renews it; null if the instance itself does. */
  ttlMs: number | null;
  checks: CheckToRun[];
}

/** Receives the instances that have checks to run. */
export interface CheckSink {
  /** Adds an instance, or replaces it. */
  put(instance: CheckedInstance): void;
  /** Removes an instance, which may be unknown. */
  remove(name: string): void;
}

/** The part of a registry that a runner uses. */
export interface CheckRegistry {
  /** Starts to notify a sink: of all instances with checks for this runner, then of each change. */
  start(sink: CheckSink): void;
  /** Renews leases of instances of one namespace. Returns the names of those that the registry does not have any more. */
  renew(namespace: string, instances: readonly CheckedInstance[]): Promise<readonly string[]>;
  /** Sets the result of a check. `gone`: the registry does not have the check any more. */
  report(instance: CheckedInstance, check: string, result: CheckResult): Promise<'reported' | 'gone'>;
  /** Removes an instance that was critical for too long. */
  deregister(instance: CheckedInstance): Promise<void>;
  close(): Promise<void>;
}
