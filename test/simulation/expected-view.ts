import type { InstanceView } from '../../src/model/instance';
import type { ServiceAt, Version } from './replica';

/** The text of an instance record, as far as views show it. The text omits defaults. */
interface InstanceText {
  definition: {
    address?: string;
    port?: number;
    weight?: number;
    status?: string;
    metadata?: Record<string, string>;
    tags?: string[];
    lease?: { ttlMs: number; removeAfterMs: number | null; intervalMs: number } | null;
    incarnation?: string;
  };
  owner: string;
  createdRevision: number;
  changes?: number;
  healthy?: boolean;
  drainEndsAt?: number;
}

interface OverrideText {
  override: {
    enabled?: boolean;
    weight?: number;
    status?: string;
    metadata?: Record<string, string>;
    quarantine?: unknown;
  };
}

/** The members of a view that follow from the records alone, computed independently of the core. */
export type ExpectedView = Pick<
  InstanceView,
  'address' | 'port' | 'weight' | 'enabled' | 'quarantined' | 'healthy' | 'available' | 'overridden' | 'owner'
> & {
  revision: number;
  createdRevision: number;
  changes: number;
  status: string;
  metadata: string;
  tags: string;
  incarnation: string | undefined;
};

/** Returns the expected view of a service's instance. */
export function expectedView(service: ServiceAt, id: string): ExpectedView | undefined {
  const instance = service.instances.get(id);
  if (instance === undefined) return undefined;
  return merge(instance, service.overrides.get(id));
}

function merge(
  instance: Version & { text: string },
  overridden: (Version & { text: string }) | undefined,
): ExpectedView {
  const record = JSON.parse(instance.text) as InstanceText; // `as`: only the core writes these texts
  const { definition } = record;
  const said: OverrideText['override'] =
    overridden === undefined ? {} : (JSON.parse(overridden.text) as OverrideText).override; // `as`: likewise
  const healthy = record.healthy ?? true;
  const weight = said.weight ?? definition.weight ?? 1;
  const status = record.drainEndsAt !== undefined ? 'draining' : (said.status ?? definition.status ?? 'up');
  const enabled = said.enabled ?? true;
  const quarantined = said.quarantine !== undefined;
  return {
    revision: instance.revision,
    createdRevision: record.createdRevision,
    changes: record.changes ?? 1,
    address: definition.address,
    port: definition.port,
    weight,
    status,
    metadata: sortedText({ ...definition.metadata, ...said.metadata }),
    tags: JSON.stringify(definition.tags ?? []),
    incarnation: definition.incarnation,
    enabled,
    quarantined,
    healthy,
    available: healthy && enabled && !quarantined && status === 'up' && weight > 0,
    overridden: overridden !== undefined,
    owner: record.owner,
  };
}

/** Returns the same members of a view in an answer. */
export function shownView(view: InstanceView): ExpectedView {
  const { revision, createdRevision, changes, address, port, weight, status, incarnation } = view;
  const { enabled, quarantined, healthy, available, overridden, owner } = view;
  return {
    revision,
    createdRevision,
    changes,
    address,
    port,
    weight,
    status,
    metadata: sortedText(view.metadata),
    tags: JSON.stringify(view.tags),
    incarnation,
    enabled,
    quarantined,
    healthy,
    available,
    overridden,
    owner,
  };
}

/** Describes the difference between two views; undefined if there is none. */
export function difference(shown: ExpectedView | undefined, expected: ExpectedView | undefined): string | undefined {
  const [is, should] = [JSON.stringify(shown), JSON.stringify(expected)];
  return is === should ? undefined : `shown ${is}, expected ${should}`;
}

function sortedText(metadata: Record<string, string>): string {
  return JSON.stringify(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1)));
}
