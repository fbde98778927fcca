import { connect } from 'node:net';

/** True where an answer's body is as long as its head says. */
function isWhole(answer: string): boolean {
  const [head = '', body] = answer.split(/\r\n\r\n(.*)/s);
  return body !== undefined && body.length >= Number(/^content-length: (\d+)/im.exec(head)?.[1]);
}

/** Nothing more comes where nothing came for so long. */
const SILENCE_MS = 5_000;

/**
 * Writes bytes to a registry as they are, and reads until the answer is whole, or nothing more comes.
 *
 * @param url Where the registry answers.
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
    // A refusal may come while we still write, and the connection may end under us: what was said before counts.
    socket.on('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.on('close', () => resolve(text));
  });
}

/** Status of an answer; NaN where there is none. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
