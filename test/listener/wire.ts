import { connect, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';

/** A client connection that writes arbitrary bytes. */
export class Wire {
  text = '';
  isClosed = false;
  error: Error | undefined;
  readonly socket: Socket;
  readonly #changes = new Set<() => void>();

  constructor(port: number, { ca, pieces = [] }: { ca?: string | undefined; pieces?: (string | Uint8Array)[] } = {}) {
    const begin = () => {
      for (const piece of pieces) this.socket.write(piece);
    };
    this.socket =
      ca === undefined ? connect(port, '127.0.0.1', begin) : connectSecurely({ port, host: '127.0.0.1', ca }, begin);
    this.socket.on('data', (data) => {
      this.text += data.toString('latin1');
      this.#changed();
    });
    this.socket.on('error', (error) => {
      this.error = error;
    });
    this.socket.on('close', () => {
      this.isClosed = true;
      this.#changed();
    });
  }

  write(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Waits until a condition holds; fails if the connection ends first. */
  async until(condition: (text: string) => boolean): Promise<string> {
    while (!condition(this.text)) {
      if (this.isClosed) throw new Error(`the connection ended; it had sent: ${this.text}`);
      await this.#change();
    }
    return this.text;
  }

  /** Waits until the server has closed the connection, and returns all received text. */
  async closed(): Promise<string> {
    while (!this.isClosed) await this.#change();
    return this.text;
  }

  leave(): void {
    this.socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changes.add(resolve));
  }

  #changed(): void {
    for (const resolve of this.#changes) resolve();
    this.#changes.clear();
  }
}

/** Returns the statuses of the answers in a text. */
export const statusesOf = (text: string): number[] =>
  [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));

/** Returns the text after the head of the first answer. */
export const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);
