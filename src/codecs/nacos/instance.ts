import type { Metadata } from '../../model/metadata';
import type { Place } from './names';

/** An instance as a Nacos client describes it. */
export interface NacosInstance extends Place {
  cluster: string;
  weight: number;
  /** False: no traffic, by its own request or an operator's. */
  enabled: boolean;
  /** Initial health. Afterwards, its lease determines that of an ephemeral instance. */
  healthy: boolean;
  ephemeral: boolean;
  metadata: Metadata;
}

/** An instance in the terms of the registry, without a lease. */
export interface MappedInstance {
  address: string;
  port: number;
  cluster: string;
  weight: number;
  status: 'out-of-service' | 'down' | 'up';
  ephemeral: boolean;
  metadata: Metadata;
}

/** Maps an instance to the registry's terms. A disabled one is out of service; an unhealthy one without a lease is down. */
export function mappedInstance(instance: NacosInstance): MappedInstance {
  const { ip, port, cluster, weight, enabled, healthy, ephemeral, metadata } = instance;
  const status = !enabled ? 'out-of-service' : !healthy && !ephemeral ? 'down' : 'up';
  return { address: ip, port, cluster, weight, status, ephemeral, metadata };
}
