import type { ServiceAddress } from '../state/paths';

/** Compares a service at two moments. */
export function Diff({ address }: { address: ServiceAddress }) {
  return <main id="content">{address.service}</main>;
}
