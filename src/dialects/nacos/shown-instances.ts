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
    if (twin === undefined || goesBefore(each, twin)) shown.set(host.instanceId, each);
  }
  return [...shown.values()];
}

function goesBefore(one: ShownInstance, other: ShownInstance): boolean {
  const nearer =
    Number(one.instance.available) - Number(other.instance.available) ||
    Number(one.host.enabled) - Number(other.host.enabled) ||
    Number(one.host.healthy) - Number(other.host.healthy);
  return (nearer || one.instance.createdRevision - other.instance.createdRevision) > 0;
}
