import { groupedName } from '../../../codecs/nacos/names';
import { allSubscribers } from '../../../http/dialect-calls/whole-lists';
import type { RouteCall } from '../../../http/pipeline/route-call';
import { NAME_MAX_BYTES } from '../../../model/limits';
import { utf8Length } from '../../../model/names';
import type { NamespaceApi, ServiceKey } from '../../../model/namespace-api';
import type { SubscriberView } from '../../../model/subscriber';
import type { Parameters } from '../wire/parameters';
import type { SharedChecks } from './shared-checks';

/** Prefix of the subscriber names of Nacos' pollers. */
const PREFIX = 'nacos ';

/**
 * Returns the subscriber name of a poller, which drains wait for and consoles show. Undefined for a client that does not
 * subscribe, or sends no address.
 */
export function subscriberOf(parameters: Parameters, headers: Headers): string | undefined {
  const udpPort = parameters.text('udpPort');
  const ip = parameters.text('clientIP');
  if (ip === '' || !/^[1-9]\d{0,4}$/.test(udpPort) || !/^[\x21-\x7e]+$/.test(ip)) return undefined;
  const agent = headers.get('user-agent') ?? '';
  const id = `${PREFIX}${ip}:${udpPort} ${agent.replace(/[^\x20-\x7e]/g, '')}`.trim();
  return utf8Length(id) <= NAME_MAX_BYTES ? id : undefined;
}

/** A subscriber as Nacos shows it. */
export interface ShownSubscriber {
  addrStr: string;
  agent: string;
  app: string;
  ip: string;
  port: number;
  namespaceId: string;
  serviceName: string;
  cluster: string;
}

/** Lists the clients that watch a service or poll it with a subscriber name. */
export async function subscribersOf(
  namespace: NamespaceApi,
  service: ServiceKey,
  checks: SharedChecks,
  call: RouteCall,
): Promise<ShownSubscriber[]> {
  await checks.report(namespace, call);
  const subscribers = await allSubscribers(namespace, { ...service, tokenId: call.tokenId });
  return subscribers.map((view) => {
    const { ip, port, agent } = clientOf(view);
    return {
      addrStr: `${ip}:${port}`,
      agent,
      app: 'unknown',
      ip,
      port,
      namespaceId: call.namespace,
      serviceName: groupedName(service),
      cluster: '',
    };
  });
}

/** Returns address and agent of a subscriber. Those of other APIs have no port, and the kind of their watch as agent. */
function clientOf({ id, kind, address }: SubscriberView): { ip: string; port: number; agent: string } {
  const [, ip, port, agent] = /^nacos (\S+):(\d+)(?: (.*))?$/.exec(id) ?? [];
  if (ip !== undefined) return { ip, port: Number(port), agent: agent ?? '' };
  return { ip: address ?? id, port: 0, agent: kind };
}
