import type { InstanceView } from '../../model/instance';
import { type Host, hostOf } from './host';

/** An instance, and how Nacos shows it. */
export interface ShownInstance {
  instance: InstanceView;
  host: Host;
}

/**
 * The instances that Nacos' clients are shown: one for each `instanceId`, in the order of the first with that id.
 *
 * Several instances of the core may be at one address and port of a cluster: a process that is restarted under another
 * id, or one that is registered through two doors. To Nacos they are one, and some of its clients fail on a list that
 * names it twice. It is shown as the one that takes traffic, or comes nearest to it; of two alike, as the newest.
 */
export function shownInstances(instances: readonly InstanceView[]): ShownInstance[] {
  const shown = new Map<string, ShownInstance>();
  for (const instance of instances) {
    const host = hostOf(instance);
    if (host === undefined) continue;
    const each = { instance, host };
    const twin = shown.get(host.instanceId);
    if (twin === undefined || goesBefore(standingOf(each), standingOf(twin))) shown.set(host.instanceId, each);
  }
  return [...shown.values()];
}

/** How near an instance comes to taking traffic, as it is compared with others at its place. */
export interface Standing {
  available: boolean;
  enabled: boolean;
  healthy: boolean;
  createdRevision: number;
}

export const standingOf = ({ instance, host }: ShownInstance): Standing => ({
  available: instance.available,
  enabled: host.enabled,
  healthy: host.healthy,
  createdRevision: instance.createdRevision,
});

/** Returns whether an instance is shown in the place of another with the same `instanceId`. */
export function goesBefore(one: Standing, other: Standing): boolean {
  const nearer =
    Number(one.available) - Number(other.available) ||
    Number(one.enabled) - Number(other.enabled) ||
    Number(one.healthy) - Number(other.healthy);
  return (nearer || one.createdRevision - other.createdRevision) > 0;
}
