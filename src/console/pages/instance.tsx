import type { InstanceAddress } from '../state/paths';

/** Explains an instance: its state, or why it is gone. */
export function InstancePage({ address }: { address: InstanceAddress }) {
  return <main id="content">{address.id}</main>;
}
