import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchReport } from '../../src/model/batch';
import { OutcomeUnknown } from '../http/http-caller';
import type { SeededRandom } from '../simulation/seeded-random';
import { type Place, Refused, RegistrySocket } from '../watch-proofs/registry-socket';
import type { CallChoice, Quarter } from './call-choice';
import type { Answer, SessionLife, Step } from './operation';
import { monotonicNow, type Recorder, Unlawful } from './recorder';
import { batchAnswer, batchOperation, refusal } from './wire';

const ANSWER_WITHIN_MS = 4_000;
const PINGS_PER_TTL = 4;

export interface SessionClient {
  name: string;
  place: Place;
  recorder: Recorder;
  random: SeededRandom;
  choice: CallChoice;
  /** Its services: ending its session is a single call on all of them. */
  quarter: Quarter;
  /** Receives the life of each session. */
  lives: Record<string, SessionLife>;
}

/** The session of a client. */
interface Session {
  /** Its name in the history. */
  name: string;
  /** Its secret. */
  id: string;
  life: SessionLife;
}

/** A client that holds its registrations by a session. Its socket breaks, and it reconnects in time, or too late. */
export class SessionOperator {
  readonly #client: SessionClient;
  #session: Session | undefined;
  #sessions = 0;

  constructor(client: SessionClient) {
    this.#client = client;
  }

  /** Runs until the signal is aborted. */
  async work(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      const socket = await this.#open().catch(() => undefined);
      if (socket !== undefined) await this.#use(socket, stop);
      await sleep(this.#client.random.magnitude(20, 3_000), undefined, { signal: stop }).catch(() => {});
    }
  }

  async #open(): Promise<RegistrySocket> {
    const socket = await inTime(RegistrySocket.open(this.#client.place));
    try {
      const ttlMs = this.#client.random.whole(1_000, 2_500);
      const known = this.#session;
      const sentAt = monotonicNow();
      const opened = await inTime(socket.session(known === undefined ? { ttlMs } : { session: known.id, ttlMs }));
      const sign = { sentAt, answeredAt: monotonicNow() };
      if (opened.resumed) known?.life.signs.push(sign);
      else {
        const name = `${this.#client.name}.${++this.#sessions}`;
        const life = { ttlMs: opened.ttlMs, signs: [sign] };
        this.#session = { name, id: opened.session, life };
        this.#client.lives[name] = life;
      }
      return socket;
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  /** Makes changes for a while, with pings in between, and leaves in one of several ways. */
  async #use(socket: RegistrySocket, stop: AbortSignal): Promise<void> {
    const session = this.#session;
    if (session === undefined) return;
    let isOpen = true;
    void socket.closed.then(() => {
      isOpen = false;
    });
    const pings = this.#ping(socket, session.life);
    const until = monotonicNow() + this.#client.random.magnitude(200, 6_000);
    while (isOpen && !stop.aborted && monotonicNow() < until) {
      await this.#change(socket, session);
      await sleep(this.#client.random.magnitude(5, 500));
    }
    clearInterval(pings);
    if (isOpen && this.#client.random.chance(0.3)) await this.#end(socket, session);
    socket.destroy();
  }

  /** Pings as often as required. A pong counts when the next ping is due: later than it came, never earlier. */
  #ping(socket: RegistrySocket, { ttlMs, signs }: SessionLife): NodeJS.Timeout {
    let sent: number[] = [];
    return setInterval(() => {
      const pongs = socket.pongs;
      socket.pongs = 0;
      for (const sentAt of sent.slice(0, pongs)) signs.push({ sentAt, answeredAt: monotonicNow() });
      sent = sent.slice(pongs);
      sent.push(monotonicNow());
      socket.ping();
    }, ttlMs / PINGS_PER_TTL);
  }

  async #change(socket: RegistrySocket, session: Session): Promise<void> {
    const steps = this.#client.choice.batch(this.#client.quarter).map((step) => heldFor(session.life.ttlMs, step));
    const call = { kind: 'change' as const, steps, session: session.name }; // `as`: one of the kinds
    const answer = await this.#client.recorder.record(this.#client.name, call, () => send(socket, steps));
    if (answer === null) socket.destroy();
    else this.#client.choice.learn(answer);
  }

  async #end(socket: RegistrySocket, session: Session): Promise<void> {
    this.#session = undefined;
    await this.#client.recorder.record(this.#client.name, { kind: 'end', session: session.name }, async () => {
      socket.send({ type: 'end' });
      const { code } = await inTime(socket.closed);
      if (code !== 4000) throw new OutcomeUnknown(`the socket was closed with ${code}`);
      return { kind: 'ended' };
    });
  }
}

/** Gives a registration the session's time to live, which overrides its own. */
function heldFor(ttlMs: number, step: Step): Step {
  if (step.op !== 'register' || step.content.lease === null) return step;
  return { ...step, content: { ...step.content, lease: { ttlMs, removeAfterMs: ttlMs } } };
}

async function send(socket: RegistrySocket, steps: Step[]): Promise<Answer> {
  try {
    return batchAnswer(await inTime(socket.ask<BatchReport>({ type: 'batch', operations: steps.map(batchOperation) })));
  } catch (error) {
    if (error instanceof Unlawful) throw error;
    if (!(error instanceof Refused)) throw new OutcomeUnknown('the socket was closed', { cause: error });
    const { code } = JSON.parse(error.message) as { code: string }; // `as`: an error frame has one
    if (code === 'UNAVAILABLE') throw new OutcomeUnknown(error.message);
    return refusal(code, error.message);
  }
}

/** Applies the timeout. @throws {OutcomeUnknown} if it expires. */
async function inTime<Result>(asked: Promise<Result>): Promise<Result> {
  const late = new AbortController();
  const timeout = sleep(ANSWER_WITHIN_MS, undefined, { signal: late.signal }).then(() => {
    throw new OutcomeUnknown(`no answer within ${ANSWER_WITHIN_MS} ms`);
  });
  // Ignores the timeout's rejection after the answer has won the race.
  timeout.catch(() => {});
  asked.catch(() => {});
  try {
    return await Promise.race([asked, timeout]);
  } finally {
    late.abort();
  }
}
