/** Offset between revisions: an empty etcd is at revision 1, an empty namespace at 0. */
const REVISION_OFFSET = 1;

/** Returns the revision that etcd's clients see for one of the registry. */
export function etcdRevision(revision: number): bigint {
  return BigInt(revision + REVISION_OFFSET);
}

/** Returns the revision of the registry for one of etcd. It may be negative, or not exact if it is far beyond any that exists. */
export function registryRevision(revision: bigint): number {
  return Number(revision) - REVISION_OFFSET;
}

/** Returns a stable positive number of 63 bits for a text (FNV-1a), for the ids of a cluster and its member. */
export function idOfText(text: string): bigint {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = ((hash ^ BigInt(byte)) * 0x100000001b3n) & 0xffffffffffffffffn;
  }
  return (hash & 0x7fffffffffffffffn) | 1n;
}
