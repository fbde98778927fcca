import { NODES } from '../../codecs/consul/kept';
import type { Nodes } from '../../codecs/consul/records';
import type { CheckRecord, NodeRecord } from '../../codecs/consul/shown';
import type { ServiceKey } from '../../model/namespace-api';
import type { CatalogCopy } from './catalog-copy';
import { type Entry, entryOf, SERVERS, serverEntry } from './entries';
import { DEFAULT_NODE } from './names';

/** An instance in lists over all services. */
export interface ListedEntry extends Entry {
  /** Service that a token needs to read. */
  key: ServiceKey;
}

/** A node, and what runs on it. */
export interface ListedNode {
  node: NodeRecord;
  entries: ListedEntry[];
}

/** Returns whether a token may read a service. */
export type MayRead = (service: ServiceKey) => boolean;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Instances and nodes of a namespace at one revision, in the order in which lists show them. */
export class Cluster {
  /** By service and id. */
  readonly entries: readonly ListedEntry[];
  /** By name. */
  readonly nodes: readonly ListedNode[];
  readonly #byName: ReadonlyMap<string, ListedNode>;
  readonly #nodes: Nodes;

  constructor(copy: CatalogCopy) {
    const { nodes } = copy;
    this.#nodes = nodes;
    const entries: ListedEntry[] = [{ ...serverEntry(nodes), key: SERVERS }];
    for (const { records, key } of copy.members()) {
      entries.push({ ...entryOf(records, nodes), key });
    }
    entries.sort((a, b) => compare(a.service.name, b.service.name) || compare(a.service.id, b.service.id));
    this.entries = entries;
    const byName = new Map<string, ListedNode>();
    for (const entry of entries) {
      const name = entry.node.name.toLowerCase();
      const listed = byName.get(name) ?? { node: entry.node, entries: [] };
      // Without data of its own, a node is as old as its first instance.
      if (entry.node.modifyIndex > listed.node.modifyIndex) {
        listed.node = { ...listed.node, modifyIndex: entry.node.modifyIndex };
      }
      listed.entries.push(entry);
      byName.set(name, listed);
    }
    for (const name of nodes.names()) {
      if (byName.has(name.toLowerCase())) continue;
      byName.set(name.toLowerCase(), { node: nodes.node(name, undefined, UNKNOWN), entries: [] });
    }
    this.#byName = byName;
    this.nodes = [...byName.values()].sort((a, b) => compare(a.node.name, b.node.name));
  }

  /** Returns the checks of a node itself. */
  checksOf(node: NodeRecord): CheckRecord[] {
    return this.#nodes.checksOf(node);
  }

  /** Returns a node by its name, in any case; undefined if there is none. */
  node(name: string): ListedNode | undefined {
    return this.#byName.get(name.toLowerCase());
  }
}

const UNKNOWN = { createIndex: 2, modifyIndex: 2 };

/**
 * Returns whether a token sees a node: the default one, those on which something runs that it may read, and all if it may read
 * their records.
 */
export const seesNode = ({ node, entries }: ListedNode, mayRead: MayRead): boolean =>
  node.name === DEFAULT_NODE || mayRead(NODES) || entries.some(({ key }) => mayRead(key));

/** Clusters of the copies that an isolate keeps, each built once for a revision. */
export class Clusters {
  readonly #kept = new WeakMap<CatalogCopy, { cursor: string; cluster: Cluster }>();

  of(copy: CatalogCopy): Cluster {
    const kept = this.#kept.get(copy);
    if (kept?.cursor === copy.cursor) return kept.cluster;
    const cluster = new Cluster(copy);
    this.#kept.set(copy, { cursor: copy.cursor, cluster });
    return cluster;
  }
}
