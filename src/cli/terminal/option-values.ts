import { type Command, InvalidArgumentError, type OptionValues } from '@commander-js/extra-typings';
import type { InstanceBody } from '../../client/admin/requests';
import { NACOS_GRPC_OFFSET } from '../../launcher/serve-options';
import { parseDuration } from '../../model/duration';
import { shortName, splitName } from '../../model/service-name';

/** Parsers of option values. The command line shows their errors with the name of the option. */

/** A bare number is ambiguous between seconds and milliseconds, so the unit is required. */
const withUnit = (text: string): number | undefined => (/[a-z]$/.test(text) ? parseDuration(text) : undefined);

/** Parses a duration, such as `500ms`, `30s`, `5m` or `1h`, to milliseconds. */
export function duration(text: string): number {
  const milliseconds = withUnit(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('A duration is a number with a unit, such as 500ms, 30s or 5m.');
}

/** Parses a TCP port. */
export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('A port is a whole number from 1 to 65535.');
}

/** Parses a TCP port to listen on; 0 means any free one. */
export const listeningPort = (text: string): number => (text === '0' ? 0 : port(text));

/** Parses the port of Nacos' HTTP API, above which there is room for that of gRPC. */
export function nacosListeningPort(text: string): number {
  const value = listeningPort(text);
  const most = 65_535 - NACOS_GRPC_OFFSET;
  if (value <= most) return value;
  throw new InvalidArgumentError(`It must be at most ${most}: gRPC is served on the port 1000 above it.`);
}

/** Parses a positive integer. */
export function count(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1) return value;
  throw new InvalidArgumentError('It must be a whole number of at least 1.');
}

/** Parses a non-negative number, such as a weight. The registry checks the maximum. */
export function amount(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number of at least 0, such as 1 or 0.5.');
}

/** Collects the values of a repeatable option. */
export function list(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** Parses an entry of metadata; the value may contain equal signs, and may be empty. */
export function keyAndValue(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new InvalidArgumentError('It must be key=value, such as version=2.1.0.');
}

/** Collects the entries of a repeatable option. */
export function keysAndValues(text: string, before: Record<string, string> = {}): Record<string, string> {
  // `fromEntries`, so that a key such as __proto__ is treated like any other.
  return Object.fromEntries([...Object.entries(before), keyAndValue(text)]);
}

/** Parses a point in time: a cursor, a time, or how long ago it was, such as 10m. */
export function moment(text: string): string {
  const agoMs = withUnit(text);
  if (agoMs !== undefined) return new Date(Date.now() - agoMs).toISOString();
  // A cursor of the registry starts with c and has two dots.
  if (/^c[\w-]+\.\w+\.\w+$/.test(text) || (/^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text))))
    return text;
  throw new InvalidArgumentError(
    'It must be a cursor, a time such as 2027-01-31T12:00:00Z, or how long ago, such as 10m.',
  );
}

/** Name of a service. */
export interface ServiceName {
  group: string;
  service: string;
}

/** Parses a service: `orders` in the default group, or `group@@orders`. */
export function serviceName(text: string): ServiceName {
  const name = splitName(text);
  if (name.group !== '' && name.service !== '') return name;
  throw new InvalidArgumentError('A service is orders or group@@orders.');
}

/** Formats a service, without the default group. */
export const serviceText = (name: ServiceName): string => shortName(name);

/** Options of `register` and `exec` that define an instance. */
export interface InstanceOptions {
  address?: string | undefined;
  port?: number | undefined;
  cluster?: string | undefined;
  node?: string | undefined;
  weight?: number | undefined;
  version?: string | undefined;
  zone?: string | undefined;
  tag?: string[] | undefined;
  metadata?: Record<string, string> | undefined;
  ttl?: number | undefined;
}

/** Adds the options that describe an instance, apart from its address and weight. */
export function withDescription<Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>) {
  return command
    .option('--cluster <name>', 'cluster label')
    .option('--node <name>', 'host it runs on')
    .option('--zone <name>', 'zone it runs in')
    .option('--version <version>', 'version of the instance')
    .option('--metadata <key=value>', 'metadata entry; may be repeated', keysAndValues)
    .option('--tag <tag>', 'tag to filter by; may be repeated', list);
}

/** Returns the definition of an instance for the registry, which fills in the defaults. */
export function instanceDefinition(options: InstanceOptions & { url?: string | undefined }) {
  const { address, port, url, cluster, node, weight, version, zone, tag, metadata, ttl } = options;
  return {
    address,
    port,
    url,
    cluster,
    node,
    weight,
    version,
    metadata,
    tags: tag,
    location: zone === undefined ? undefined : { zone },
    lease: ttl === undefined ? undefined : { ttlMs: ttl },
  } satisfies InstanceBody;
}
