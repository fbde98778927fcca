import type { ClientCore } from './client-core';
import type { RollcallError } from './rollcall-error';
import type { LinkUser, SocketLink } from './socket-link';
import { inBackground, pause } from './time';

/** Callbacks and signal of an attempt. */
export interface SocketUse {
  signal: AbortSignal;
  /** Called when the socket is open, to start using it. */
  use: () => void;
  /** Called with the error of each failed attempt. */
  failed: (error: RollcallError) => void;
  /** True: this does not keep the process alive. */
  isBackground?: boolean;
}

/**
 * Checks whether sockets can reach the registry, by opening this one. They cannot if it does not open although the
 * registry responds over HTTP; if that does not respond either, the check is repeated.
 *
 * @returns False if sockets cannot reach the registry.
 */
export async function trySocket(core: ClientCore, link: SocketLink, purpose: SocketUse): Promise<boolean> {
  const { signal, use, failed, isBackground = false } = purpose;
  if (!core.hasSockets) return false;
  const time = isBackground ? inBackground(core.time) : core.time;
  while (!signal.aborted) {
    if (link.hasOpened) {
      use();
      return true;
    }
    const { error, isBlocked } = await opened(link, use, isBackground);
    if (error === undefined) return true;
    if (isBlocked) return false;
    if (!signal.aborted) failed(error);
    await pause(time, link.backOff.next(), signal);
  }
  return false;
}

/** Returns the error if a socket does not open at the first attempt. A temporary user keeps it open until `use` adds another. */
function opened(
  link: SocketLink,
  use: () => void,
  isBackground: boolean,
): Promise<{ error?: RollcallError; isBlocked?: boolean }> {
  return new Promise((resolve) => {
    const user: LinkUser = {
      isBackground,
      up: () => {
        use();
        link.leave(user);
        resolve({});
      },
      down: (error, _code, isBlocked = false) => {
        link.leave(user);
        resolve({ error, isBlocked });
      },
    };
    link.join(user);
  });
}
