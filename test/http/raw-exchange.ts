import { connect } from 'node:net';

/** Returns whether an answer's body is as long as its head declares. */
function isWhole(answer: string): boolean {
  const [head = '', body] = answer.split(/\r\n\r\n(.*)/s);
  return body !== undefined && body.length >= Number(/^content-length: (\d+)/im.exec(head)?.[1]);
}

/** Time without data after which an answer is considered finished. */
const SILENCE_MS = 5_000;

/**
 * Writes raw bytes to a registry, and reads until the answer is complete or no more data arrives.
 *
 * @param url URL of the registry.
 */
export function exchange(url: string, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(Number(port), hostname, () => {
      for (const piece of pieces) socket.write(piece);
    });
    socket.setTimeout(SILENCE_MS, () => socket.end());
    socket.on('data', (data) => {
      text += data.toString('latin1');
      if (isWhole(text)) socket.end();
    });
    // A refusal may arrive during our write, and the connection may then break: the text received before it counts.
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.on('close', () => resolve(text));
  });
}

/** Returns the status of an answer; NaN if there is none. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
