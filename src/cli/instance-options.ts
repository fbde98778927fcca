import type { InstanceBody } from '../client/requests';

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
