import type { NamespaceControl } from '../../model/directory-api';
import type { Stub } from './namespace-stub';
import { RemoteCalls } from './remote-call';

/**
 * The way from the directory to a namespace that lives in a Durable Object.
 *
 * @param stub Makes a new stub for each try: one that has thrown stays broken.
 */
export function remoteControl(stub: () => Stub): NamespaceControl {
  const calls = new RemoteCalls(stub);
  return {
    configure: (settings) => calls.once((object) => object.configure(settings)),
    size: () => calls.read((object) => object.size()),
    erase: (options) => calls.once((object) => object.erase(options)),
    closeSocketsOf: (tokenIds) => calls.once((object) => object.closeSocketsOf(tokenIds)),
  };
}
