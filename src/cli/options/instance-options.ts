import type { Command, OptionValues } from '@commander-js/extra-typings';
import type { InstanceBody } from '../../client/admin/requests';
import { keysAndValues, list } from './option-values';

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
