import { OutcomeUnknown } from '../http/http-caller';
import type { Answer, Call, Operation } from './operation';

/** Returns milliseconds since the epoch, by a monotonic clock. */
export function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}

/** Thrown for an answer that a registry must never give, such as an internal error. */
export class Unlawful extends Error {}

/** Records calls and answers, with the times of both. */
export class Recorder {
  readonly operations: Operation[] = [];
  /** Answers that a registry must never give. */
  readonly problems: string[] = [];

  /**
   * Makes a call, and records it before it is sent.
   *
   * @returns The answer; null if there was none, so that the outcome is unknown.
   */
  async record(client: string, call: Call, perform: () => Promise<Answer>): Promise<Answer | null> {
    const index = this.operations.length;
    const operation: Operation = { index, client, call, start: monotonicNow(), end: null, answer: null };
    this.operations.push(operation);
    try {
      const answer = await perform();
      operation.end = monotonicNow();
      operation.answer = answer;
      return answer;
    } catch (error) {
      if (error instanceof Unlawful) this.problems.push(`call ${index} of ${client}: ${error.message}`);
      else if (!(error instanceof OutcomeUnknown)) throw error;
      return null;
    }
  }
}
