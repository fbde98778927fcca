import { connect, type Socket } from 'node:net';
import type { BenchServer } from './bench-server';

const OPENING_COUNT = 100;

/** Time for which pending polls are checked for wrong answers after the others are answered. */
const QUIET_MS = 500;

const ANSWERED_WITHIN_MS = 30_000;

/** One long poll over a separate connection. */
class Poll {
  readonly group: number;
  readonly #socket: Socket;
  #answer = '';
  onAnswer: (poll: Poll) => void = () => {};

  constructor(server: BenchServer, group: number, head: string) {
    this.group = group;
    const { hostname, port } = new URL(server.origin);
    this.#socket = connect({ host: hostname, port: Number(port), noDelay: true });
    this.#socket.on('data', (bytes) => {
      this.#answer += bytes.toString('latin1');
      this.onAnswer(this);
    });
    this.#socket.on('error', () => {});
    this.#socket.write(head);
  }

  /** Status of its answer; undefined while it is pending. */
  get status(): number | undefined {
    return this.#answer === '' ? undefined : Number(this.#answer.split(' ', 2)[1]);
  }

  get sent(): Promise<void> {
    return new Promise((resolve) => this.#socket.write('', () => resolve()));
  }

  cut(): void {
    this.#socket.destroy();
  }
}

/** Many pending requests, in groups that wait for the same change. */
export class WaitingPolls {
  readonly #polls: Poll[] = [];
  readonly #server: BenchServer;
  readonly #head: (group: number) => string;

  /** @param head Returns the head of a group's request, in the wire format. */
  constructor(server: BenchServer, head: (group: number) => string) {
    this.#server = server;
    this.#head = head;
  }

  /** Sends `count` requests, spread over the groups. */
  async open(count: number, groups: number): Promise<void> {
    for (let first = 0; first < count; first += OPENING_COUNT) {
      const some = Array.from({ length: Math.min(OPENING_COUNT, count - first) }, (_, index) => {
        const group = (first + index) % groups;
        return new Poll(this.#server, group, this.#head(group));
      });
      await Promise.all(some.map(({ sent }) => sent));
      this.#polls.push(...some);
    }
  }

  /** Sends the answered requests of a group again. */
  async reopen(group: number): Promise<void> {
    for (const [index, poll] of this.#polls.entries()) {
      if (poll.group !== group) continue;
      poll.cut();
      const again = new Poll(this.#server, group, this.#head(group));
      await again.sent;
      this.#polls[index] = again;
    }
  }

  /**
   * Returns the milliseconds from a change until all requests that wait for it are answered.
   *
   * @throws {Error} if any other request is answered too.
   */
  async wake(group: number, change: () => Promise<unknown>): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    let waiting = this.#polls.filter((poll) => poll.group === group).length;
    const began = performance.now();
    const timer = setTimeout(() => reject(new Error(`${waiting} polls were not answered`)), ANSWERED_WITHIN_MS);
    for (const poll of this.#polls) {
      if (poll.status !== undefined) throw new Error(`a poll was answered ${poll.status} before anything changed`);
      poll.onAnswer = () => {
        poll.onAnswer = () => {};
        if (poll.group !== group || poll.status !== 200) {
          reject(new Error(`a poll of group ${poll.group} was answered ${poll.status} when ${group} changed`));
        }
        waiting -= 1;
        if (waiting === 0) resolve(performance.now() - began);
      };
    }
    const [took] = await Promise.all([promise, change()]).finally(() => clearTimeout(timer));
    await new Promise((quiet) => setTimeout(quiet, QUIET_MS));
    const others = this.#polls.filter((poll) => poll.group !== group && poll.status !== undefined).length;
    if (others > 0) throw new Error(`${others} polls were answered without a change`);
    return took;
  }

  cut(): void {
    for (const poll of this.#polls) poll.cut();
  }
}
