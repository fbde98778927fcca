import type { NamespaceControl } from '../model/namespace-control';
import { again, once, type Stub } from './remote-call';

/** What a namespace's object answers to the directory alone. */
type Controlled = NamespaceControl;

/**
 * The way from the directory to a namespace that lives in a Durable Object.
 *
 * @param stub Makes a new stub for each call: one that has thrown stays broken.
 */
export function remoteControl(stub: () => Stub): NamespaceControl {
  const controlled = () => stub() as unknown as Controlled; // `as`: TODO until the object has these methods
  return {
    configure: (settings) => once(controlled, (object) => object.configure(settings)),
    size: () => again(controlled, (object) => object.size()),
    erase: () => once(controlled, (object) => object.erase()),
    closeSocketsOf: (tokenIds) => once(controlled, (object) => object.closeSocketsOf(tokenIds)),
  };
}
