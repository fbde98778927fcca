import { type Kept, keptBy, type NodesRecord, nodesRecordIn } from '../../codecs/consul/kept';
import { Nodes, recordsOf, type ServiceRecords } from '../../codecs/consul/records';
import {
  type CopyChanges,
  type CopyContents,
  NamespaceCopies,
  type NamespaceCopy,
} from '../../http/dialect-calls/namespace-copy';
import type { RouteCall } from '../../http/pipeline/route-call';
import type { InstanceKey } from '../../model/batch';
import { revisionOf } from '../../model/cursor';
import type { InstanceView } from '../../model/instance';
import { isNodes, isSameNode } from './names';

/** An instance of a copy. */
export class CatalogMember {
  readonly instance: InstanceView;
  /** Data that this API has stored; undefined if another API registered the instance. */
  readonly kept: Kept | undefined;
  /** Approximate length of its text, in characters. */
  readonly textSize: number;
  readonly #copy: CatalogCopy;
  #records: { of: Nodes; records: ServiceRecords } | undefined;

  constructor(instance: InstanceView, copy: CatalogCopy) {
    this.instance = instance;
    this.kept = keptBy(instance);
    this.textSize = JSON.stringify(instance).length;
    this.#copy = copy;
  }

  get key(): InstanceKey {
    const { group, service, id } = this.instance;
    return { group, service, id };
  }

  /** The instance as clients see it, mapped once. */
  get records(): ServiceRecords {
    const { nodes } = this.#copy;
    if (this.#records?.of !== nodes) this.#records = { of: nodes, records: recordsOf(this.instance, nodes) };
    return this.#records.records;
  }
}

/** A record of a node, or of a check that is no part of an instance. */
export interface CopiedRecord {
  instance: InstanceView;
  record: NodesRecord;
}

const nameOf = ({ group, service, id }: InstanceKey): string => JSON.stringify([group, service, id]);

const placeOf = (node: string, id: string): string => `${node.toLowerCase()}\n${id}`;

/** Instances by the name of their node, which is equal in any case, and an id that is unique on it. */
class Places {
  readonly #all = new Map<string, Set<CatalogMember>>();

  add(node: string, id: string, member: CatalogMember): void {
    const place = placeOf(node, id);
    const others = this.#all.get(place);
    if (others === undefined) this.#all.set(place, new Set([member]));
    else others.add(member);
  }

  delete(node: string, id: string, member: CatalogMember): void {
    const place = placeOf(node, id);
    const others = this.#all.get(place);
    others?.delete(member);
    if (others?.size === 0) this.#all.delete(place);
  }

  /** Returns the instances of an id, newest first: clients may have registered several at once. */
  of(node: string, id: string): CatalogMember[] {
    const all = [...(this.#all.get(placeOf(node, id)) ?? [])];
    return all.sort((a, b) => b.instance.revision - a.instance.revision);
  }
}

/** A copy of a namespace at one revision: its instances, and the records of nodes and checks. */
export class CatalogCopy implements NamespaceCopy {
  readonly #members = new Map<string, CatalogMember>();
  /** Instances of this API by node and service id. */
  readonly #services = new Places();
  /** The same by node and the ids of their checks. */
  readonly #checks = new Places();
  /** Instances of the service of nodes and checks; without a record if their data is invalid. */
  readonly #records = new Map<string, { instance: InstanceView; record: NodesRecord | undefined; textSize: number }>();
  #nodes: Nodes | undefined;
  #cursor: string;
  #textSize = 0;

  constructor({ instances, at }: Pick<CopyContents, 'instances' | 'at'>) {
    this.#cursor = at.cursor;
    for (const instance of instances) this.#put(instance, false);
  }

  get cursor(): string {
    return this.#cursor;
  }

  /** Revision up to which it has all changes. */
  get revision(): number {
    return revisionOf(this.#cursor);
  }

  get size(): number {
    return this.#members.size + this.#records.size;
  }

  get textSize(): number {
    return this.#textSize;
  }

  /** The nodes with data or checks of their own; another object after each change of them. */
  get nodes(): Nodes {
    this.#nodes ??= new Nodes([...this.#records.values()].map(({ instance }) => instance));
    return this.#nodes;
  }

  apply({ cursor, revision, instances }: CopyChanges): void {
    if (revision < this.revision) return;
    for (const { instance, isGone } of instances) this.#put(instance, isGone);
    this.#cursor = cursor;
  }

  #put(instance: InstanceView, isGone: boolean): void {
    const name = nameOf(instance);
    if (isNodes(instance)) this.#putRecord(name, instance, isGone);
    else this.#putMember(name, instance, isGone);
  }

  #putMember(name: string, instance: InstanceView, isGone: boolean): void {
    const before = this.#members.get(name);
    if (before !== undefined) this.#unplace(before);
    this.#textSize -= before?.textSize ?? 0;
    this.#members.delete(name);
    if (isGone) return;
    const member = new CatalogMember(instance, this);
    this.#members.set(name, member);
    this.#textSize += member.textSize;
    const { kept } = member;
    // A copy of a mirror is at no agent: the service that it copies may register here, with the same id on the same node.
    if (kept === undefined || kept.copied) return;
    this.#services.add(kept.node, kept.id, member);
    for (const { id } of kept.checks) this.#checks.add(kept.node, id, member);
  }

  #unplace(member: CatalogMember): void {
    const { kept } = member;
    if (kept === undefined || kept.copied) return;
    this.#services.delete(kept.node, kept.id, member);
    for (const { id } of kept.checks) this.#checks.delete(kept.node, id, member);
  }

  #putRecord(name: string, instance: InstanceView, isGone: boolean): void {
    this.#nodes = undefined;
    this.#textSize -= this.#records.get(name)?.textSize ?? 0;
    this.#records.delete(name);
    if (isGone) return;
    const textSize = JSON.stringify(instance).length;
    this.#records.set(name, { instance, record: nodesRecordIn(instance), textSize });
    this.#textSize += textSize;
  }

  /** Returns all instances, without those of nodes and checks. */
  members(): Iterable<CatalogMember> {
    return this.#members.values();
  }

  /** Returns the instances that clients registered at the agent of a node. */
  atAgent(node: string): CatalogMember[] {
    return [...this.#members.values()].filter(
      ({ kept }) => kept !== undefined && !kept.copied && isSameNode(kept.node, node),
    );
  }

  /** Returns the instance of a key; undefined if there is none. */
  member(key: InstanceKey): CatalogMember | undefined {
    return this.#members.get(nameOf(key));
  }

  /** Returns the instances of this API with a service id on a node, newest first; usually there is one. */
  withService(node: string, serviceId: string): readonly CatalogMember[] {
    return this.#services.of(node, serviceId);
  }

  /** Returns the instances with a check of their own with this id on a node, newest first. */
  withCheck(node: string, checkId: string): readonly CatalogMember[] {
    return this.#checks.of(node, checkId);
  }

  /** Returns the records of nodes and checks. */
  records(): CopiedRecord[] {
    return [...this.#records.values()].flatMap(({ instance, record }) =>
      record === undefined ? [] : [{ instance, record }],
    );
  }

  /** Returns the record of a key; undefined if there is none, or its data is invalid. */
  record(key: InstanceKey): CopiedRecord | undefined {
    const { instance, record } = this.#records.get(nameOf(key)) ?? {};
    return instance === undefined || record === undefined ? undefined : { instance, record };
  }
}

/** Copies of namespaces that an isolate caches for this API. */
export class CatalogCopies {
  readonly #copies = new NamespaceCopies({ api: 'Consul', create: (contents) => new CatalogCopy(contents) });

  /** Returns the copy of the namespace of a request, with everything that was acknowledged before it arrived. */
  of({ namespace: id, calls, tokenId, surroundings }: RouteCall): Promise<CatalogCopy> {
    return this.#copies.of({ id, calls, tokenId, now: surroundings.now() });
  }
}
