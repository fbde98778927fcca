import type { IncomingMessage } from 'node:http';
import { RUNNER_HEADER } from '../../codecs/consul/check-headers';
import { type ForwardedDoor, targetParts } from './forwarder';

/** Matches requests with the result of a check. */
const REPORT = /\/v1\/agent\/check\/(?:pass|warn|fail|update)\//;

/** Parameters of {@link consulDoor}. */
export interface ConsulDoorOptions {
  namespace: string;
  /** Node whose agent the gateway is; undefined: the default node of the namespace. */
  node: string | undefined;
  /** Name of the runner of the checks that clients register. */
  runner: string;
}

/** Returns the API of Consul, as a gateway passes it on. */
export function consulDoor(options: ConsulDoorOptions): ForwardedDoor {
  return {
    path: (target) => forwardedPath(target, options),
    unknown: 'There is only the HTTP API of Consul here, at /v1',
    // Text of an agent of Consul that has lost its servers. Clients wait and try again.
    away: { status: 500, text: 'No cluster leader', type: 'text/plain; charset=utf-8' },
    ownHeaders: [RUNNER_HEADER],
    // The result of a check that a program runs is not for clients to report.
    headers: ({ url = '' }) => (REPORT.test(url) ? [] : [RUNNER_HEADER, options.runner]),
    hasToken,
  };
}

/** Returns the path of a request at the registry; undefined if it is not of Consul's API. */
export function forwardedPath(
  target: string,
  { namespace, node }: Pick<ConsulDoorOptions, 'namespace' | 'node'>,
): string | undefined {
  const parts = targetParts(target);
  if (parts === undefined || !/^\/(?:v1|node\/[^/]+\/+v1)(?:\/|$)/.test(parts.path)) return undefined;
  const agent = node === undefined || parts.path.startsWith('/node/') ? '' : `/node/${encodeURIComponent(node)}`;
  return `/n/${encodeURIComponent(namespace)}${agent}${parts.path}${parts.query}`;
}

/** Reports whether a request has a token of its own, in any of the places where clients of Consul send one. */
function hasToken({ headers, url = '' }: Pick<IncomingMessage, 'headers' | 'url'>): boolean {
  if (headers.authorization !== undefined || headers['x-consul-token'] !== undefined) return true;
  const mark = url.indexOf('?');
  return mark >= 0 && new URLSearchParams(url.slice(mark)).has('token');
}
