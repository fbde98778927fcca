import { OutcomeUnknown } from '../http/http-caller';
import type { Answer, Call, Operation } from './operation';

/** Milliseconds since the epoch, by a clock that never goes back. */
export function monotonicNow(): number {
  return performance.timeOrigin + performance.now();
}

/** An answer that no registry may give, such as an internal error. */
export class Unlawful extends Error {}

/** Writes down what is called and what is answered, with the times of both. */
export class Recorder {
  readonly operations: Operation[] = [];
  /** Answers that no registry may give. */
  readonly problems: string[] = [];

  /**
   * Makes a call, and writes it down before it goes out.
   *
   * @returns The answer; null where there was none, so that nobody knows what became of the call.
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
