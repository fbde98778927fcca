import { DEFAULT_CLUSTER } from '../../model/service-name';
import { asFlag, asNumber, asObject, asText, asTexts } from './json-members';
import type { SourceInstance } from './source';

/** A service of Nacos. */
export interface NacosService {
  group: string;
  service: string;
}

/**
 * An instance of Nacos in the words of this registry, as its own door for Nacos' clients has it; undefined for one that
 * nobody could call.
 *
 * Nacos lists what is unhealthy, and leaves out what is disabled: the one is `down` here, the other is not here.
 */
export function fromNacos({ group, service }: NacosService, host: unknown): SourceInstance | undefined {
  const { ip, port, weight, healthy, clusterName, metadata } = asObject(host);
  const [address, number] = [asText(ip), asNumber(port)];
  if (address === '' || number === undefined || number < 1) return undefined;
  return {
    group,
    service,
    id: `${address}:${number}`,
    body: {
      address,
      port: number,
      cluster: asText(clusterName) || DEFAULT_CLUSTER,
      weight: asNumber(weight) ?? 1,
      status: asFlag(healthy, true) ? 'up' : 'down',
      metadata: asTexts(metadata),
    },
  };
}
