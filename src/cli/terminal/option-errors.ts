import type { FieldError } from '../../client/wire/rollcall-error';
import { durationText } from './phrases';

/** Options by the members of requests that they set. */
const OPTIONS: Readonly<Record<string, string>> = {
  address: '--address',
  alias: '--alias',
  at: '--as-of',
  after: '--page',
  cause: '--cause',
  cluster: '--cluster',
  cursor: '--resume-from',
  expiresInMs: '--expires',
  from: '--from',
  grace: '--grace',
  grants: '--grant',
  group: '--group',
  id: 'id',
  ifRevision: '--if-revision',
  'intervals.nacosBeatMs': '--nacos-beat',
  'intervals.nacosPollMs': '--nacos-poll',
  'intervals.sessionPingMs': '--session-ping',
  key: 'key',
  lease: '--lease',
  acquire: '--acquire',
  release: '--release',
  lockDelayMs: '--lock-delay',
  'lease.ttlMs': '--ttl',
  limit: '--limit',
  'limits.bytes': '--max-bytes',
  'limits.entries': '--max-entries',
  'limits.entryBytes': '--max-entry-bytes',
  'limits.grantedLeases': '--max-leases',
  'limits.instances': '--max-instances',
  'limits.perToken.bytes': '--max-bytes-per-token',
  'limits.perToken.entries': '--max-entries-per-token',
  'limits.perToken.entryBytes': '--max-entry-bytes-per-token',
  'limits.perToken.grantedLeases': '--max-leases-per-token',
  'limits.perToken.instances': '--max-instances-per-token',
  'limits.perToken.services': '--max-services-per-token',
  'limits.services': '--max-services',
  'location.zone': '--zone',
  near: '--near',
  node: '--node',
  overlapMs: '--keep-old',
  port: '--port',
  prefix: '--prefix',
  'quarantine.reason': '--reason',
  'quarantine.until': '--for',
  'retention.maxAgeMs': '--keep',
  since: '--since',
  tag: '--tag',
  tags: '--tag',
  title: '--title',
  ttlMs: '--ttl',
  to: '--to',
  until: '--until',
  url: '--instance-url',
  version: '--version',
  wait: '--wait',
};

/** Returns the option that sets a member, or a member that contains it; the path if there is none. */
function optionOf(path: string): string {
  for (let part = path; part !== ''; part = part.slice(0, Math.max(0, part.lastIndexOf('.')))) {
    if (Object.hasOwn(OPTIONS, part)) return OPTIONS[part] ?? part;
  }
  return path;
}

/** Rephrases the generic messages of the registry's schemas. Other messages are returned unchanged. */
const plain = (message: string): string =>
  message
    .replace(/^Too small: expected \w+ to (?:be|have) >=/, 'must be at least ')
    .replace(/^Too big: expected \w+ to (?:be|have) <=/, 'must be at most ')
    .replace(/^Invalid option: expected one of (\S+)/, (_all, values: string) => {
      return `must be one of ${values.replaceAll('"', '').replaceAll('|', ', ')}`;
    });

/** Describes an invalid member by its option, with durations as options accept them: `--ttl must be at least 1s, got 1ms`. */
export function optionMessage({ path, message }: FieldError): string {
  if (path === '') return plain(message);
  const text = path.endsWith('Ms')
    ? plain(message).replaceAll(/\b\d+\b/g, (number) => durationText(Number(number)))
    : plain(message);
  return `${optionOf(path)}${text.startsWith('must ') ? '' : ':'} ${text}`;
}
