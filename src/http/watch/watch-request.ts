import type { WatchScope } from '../../model/frames';
import { joinedName } from '../../model/service-name';

/**
 * The frame that begins a watch, as text.
 *
 * @param cursor Go on from here; undefined: a snapshot first.
 */
export function watchRequest(watch: string, { groups, services }: WatchScope, cursor: string | undefined): string {
  const names = services.map(joinedName);
  return JSON.stringify({ type: 'watch', id: 'watch', watch, scope: { groups, services: names }, cursor });
}
