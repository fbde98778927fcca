import type { NamespaceSocket } from '../../model/namespace-sockets';
import { quietly } from './remote-sockets';

/**
 * Takes a client's WebSocket into this Worker, and makes the answer to its upgrade.
 *
 * @param closed The client is gone; not called once this side has closed it.
 */
export function acceptSocket(closed: () => void): { socket: NamespaceSocket; answer: Response } {
  const { 0: theirs, 1: ours } = new WebSocketPair();
  let isOpen = true;
  const end = (tell: boolean, code: number, reason: string) => {
    if (!isOpen) return;
    isOpen = false;
    quietly(() => ours.close(code, reason));
    if (tell) closed();
  };
  ours.addEventListener('close', () => end(true, 1000, ''));
  ours.addEventListener('error', () => end(true, 1011, ''));
  ours.accept();
  return {
    answer: new Response(null, { status: 101, webSocket: theirs }),
    socket: {
      send: (text) => quietly(() => ours.send(text)),
      close: (code, reason) => end(false, code, reason),
    },
  };
}
