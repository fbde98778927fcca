import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient, listing } from './http-client';

/** A client that polls the list of a service over its own connection, as Nacos' client for Node does. */
export class Poller {
  readonly #client: HttpClient;
  readonly #request: Buffer;
  readonly #onList: (list: string) => void;
  #isOver = false;
  /** Number of requests that it has sent. */
  sent = 0;

  private constructor(client: HttpClient, service: string, onList: (list: string) => void) {
    this.#client = client;
    this.#request = listing(service);
    this.#onList = onList;
  }

  /** @param afterMs Time until its first poll. */
  static async start(port: number, service: string, afterMs: number, onList = (_: string) => {}): Promise<Poller> {
    const poller = new Poller(await HttpClient.connect(port), service, onList);
    void poller.#run(afterMs);
    return poller;
  }

  stop(): void {
    this.#isOver = true;
    this.#client.close();
  }

  async #run(afterMs: number): Promise<void> {
    await sleep(afterMs);
    while (!this.#isOver) {
      this.sent += 1;
      const list = await this.#client.ask(this.#request).catch((error: unknown) => {
        if (!this.#isOver) throw error;
      });
      if (list === undefined) return;
      this.#onList(list);
      // The registry sets the interval, which clients wait after each answer.
      const { cacheMillis } = JSON.parse(list) as { cacheMillis: number }; // `as`: a list of Nacos has it
      await sleep(cacheMillis);
    }
  }
}
