import { Agent, request } from 'node:http';

/** One keep-alive connection of an HTTP client, which sends requests one at a time. */
export class HttpConnection {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1 });
  readonly #host: string;
  readonly #port: number;
  readonly #headers: Record<string, string>;

  constructor(port: number, headers: Record<string, string> = {}) {
    this.#host = '127.0.0.1';
    this.#port = port;
    this.#headers = headers;
  }

  /**
   * Sends a request and reads its answer to the end.
   *
   * @throws {Error} for any status but 2xx.
   */
  send(method: string, path: string, body?: string): Promise<string> {
    const length =
      body === undefined ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
    const options = { agent: this.#agent, host: this.#host, port: this.#port, method, path };
    return new Promise((resolve, reject) => {
      const sent = request({ ...options, headers: { ...this.#headers, ...length } }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode = 0 } = response;
          if (statusCode >= 200 && statusCode <= 299) resolve(text);
          else reject(new Error(`${method} ${path} answered ${statusCode}: ${text.slice(0, 300)}`));
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  cut(): void {
    this.#agent.destroy();
  }
}
