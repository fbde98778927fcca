import type { NamespaceControl } from '../model/namespace-control';
import { again, once, type Stub } from './remote-call';

/**
 * The way from the directory to a namespace that lives in a Durable Object.
 *
 * @param stub Makes a new stub for each call: one that has thrown stays broken.
 */
export function remoteControl(stub: () => Stub): NamespaceControl {
  return {
    configure: (settings) => once(stub, (object) => object.configure(settings)),
    size: () => again(stub, (object) => object.size()),
    erase: (options) => once(stub, (object) => object.erase(options)),
    closeSocketsOf: (tokenIds) => once(stub, (object) => object.closeSocketsOf(tokenIds)),
  };
}
