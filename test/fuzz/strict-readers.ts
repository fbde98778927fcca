import { readStrictJson } from '../fixtures/strict-json';
import { readStrictXml } from '../fixtures/strict-xml';
import type { Answer } from './exchange';

/** Readers of whole documents, by the content type of a response. */
const READERS: readonly [type: RegExp, read: (text: string) => unknown][] = [
  [/^application\/(?:problem\+)?json\b/, readStrictJson],
  [/^application\/xml\b/, readStrictXml],
  [
    /^application\/x-ndjson\b/,
    (text) =>
      text
        .split('\n')
        .filter((line) => line !== '')
        .map(readStrictJson),
  ],
];

/** Returns the faults that keep a strict reader from reading a response; mostly none. */
export function unreadable({ headers, body }: Pick<Answer, 'headers' | 'body'>): string[] {
  const type = String(headers['content-type'] ?? '');
  const [, read] = READERS.find(([pattern]) => pattern.test(type)) ?? [];
  if (read === undefined || body === '') return [];
  try {
    read(body);
    return [];
  } catch (error) {
    return [`a strict reader can't read it: ${String(error)}`];
  }
}

const SERVICE = '/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders';

/** Lists of all registrations, from any door, and the formats that are requested. */
export const LISTS: readonly [path: string, accept: string][] = [
  ...[
    '/eureka/apps',
    '/eureka/apps/delta',
    '/eureka/apps/ORDERS',
    '/eureka/vips/orders',
    '/n/fuzz/eureka/apps',
  ].flatMap((path): [string, string][] => [
    [path, 'application/xml'],
    [path, 'application/json'],
  ]),
  ...[
    '/nacos/v1/ns/instance/list?serviceName=orders',
    '/nacos/v1/ns/catalog/instances?serviceName=DEFAULT_GROUP@@orders&clusterName=DEFAULT&pageNo=1&pageSize=100',
    '/nacos/v1/ns/service/list?pageNo=1&pageSize=100',
    '/registry',
    '/registry?service=orders',
    SERVICE,
    `${SERVICE}/instances`,
    `${SERVICE}/resolve`,
    '/api/v1/ns/public/services',
    '/api/v1/ns/public/kv',
    '/api/v1/ns/public/leases',
    '/api/v1/ns/public/history?limit=100',
    '/api/v1/ns/public/export',
    '/api/v1/audit?limit=100',
    '/api/v1/tokens',
  ].map((path): [string, string] => [path, 'application/json']),
];
