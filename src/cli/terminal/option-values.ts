import { type Command, InvalidArgumentError, type OptionValues } from '@commander-js/extra-typings';
import type { InstanceBody } from '../../client/admin/requests';
import { parseDuration } from '../../model/duration';
import { shortName, splitName } from '../../model/service-name';

/** What options are written as; each throws what the parser shows beside the name of the option. */

/** Milliseconds of `500ms`, `30s`, `5m`, `1h`. */
export function duration(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('A duration is a number with a unit, such as 500ms, 30s or 5m.');
}

/** A TCP port. */
export function port(text: string): number {
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= 65_535) return value;
  throw new InvalidArgumentError('A port is a whole number from 1 to 65535.');
}

/** A whole number from 1 on. */
export function count(text: string): number {
  const value = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (value >= 1) return value;
  throw new InvalidArgumentError('It must be a whole number from 1 on.');
}

/** A number from 0 on, such as a weight. The registry knows the most that it takes. */
export function amount(text: string): number {
  if (/^\d{1,9}(\.\d{1,9})?$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a number from 0 on, such as 1 or 0.5.');
}

/** An option that may come many times. */
export function list(text: string, before: string[] = []): string[] {
  return [...before, text];
}

/** A key and its value, as metadata is written; the value may hold further equal signs, and may be empty. */
export function keyAndValue(text: string): [key: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new InvalidArgumentError('It is written key=value, such as version=2.1.0.');
}

/** Keys and values, of an option that may come many times. */
export function keysAndValues(text: string, before: Record<string, string> = {}): Record<string, string> {
  // Entries, so that a key such as __proto__ is one like any other.
  return Object.fromEntries([...Object.entries(before), keyAndValue(text)]);
}

/** A moment of the past: a cursor, a time, or how long ago it was, such as 10m. */
export function moment(text: string): string {
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return new Date(Date.now() - agoMs).toISOString();
  // A cursor of the registry's begins with c and has two dots.
  if (/^c[\w-]+\.\w+\.\w+$/.test(text) || (/^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text))))
    return text;
  throw new InvalidArgumentError(
    'It must be a cursor, a time such as 2027-01-31T12:00:00Z, or how long ago, such as 10m.',
  );
}

/** A service by its name: `orders` in the default group, or `group@@orders`. */
export interface ServiceName {
  group: string;
  service: string;
}

/** A service as people write it: `orders`, or `group@@orders`. */
export function serviceName(text: string): ServiceName {
  const name = splitName(text);
  if (name.group !== '' && name.service !== '') return name;
  throw new InvalidArgumentError('A service is written orders, or group@@orders.');
}

/** A service as people write it: without the group that everybody is in. */
export const serviceText = (name: ServiceName): string => shortName(name);

/** What the options of an instance come to, as `register` and `exec` have them. */
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

/** The options that describe an instance, beside where it is and what it weighs. */
export function withDescription<Args extends unknown[], Options extends OptionValues>(command: Command<Args, Options>) {
  return command
    .option('--cluster <name>', 'cluster label')
    .option('--node <name>', 'the host it runs on')
    .option('--zone <name>', 'zone it runs in')
    .option('--version <version>', 'version of what runs')
    .option('--metadata <key=value>', 'an entry of its metadata; may come many times', keysAndValues)
    .option('--tag <tag>', 'a label that reads filter by; may come many times', list);
}

/** An instance as the registry takes it. What was not said is left to the registry. */
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
