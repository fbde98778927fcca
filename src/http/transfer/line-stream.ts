import { RegistryError } from '../../model/errors';
import type { TransferFailed } from '../../model/transfer';
import { COMMON_HEADERS } from '../response/answers';

/** Media type of a body of JSON values, one per line. */
export const LINES_TYPE = 'application/x-ndjson';

const encoder = new TextEncoder();

/**
 * Returns a response of lines that are produced as the client reads, with backpressure. An error midway becomes a last
 * line of kind `failed`, as the status has already been sent.
 *
 * @param noteFailure Logs an unexpected error; returns the id of the log entry.
 */
export function lineStream(lines: AsyncGenerator<string>, noteFailure: (error: unknown) => string): Response {
  const body = new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await lines.next();
          if (done) controller.close();
          else controller.enqueue(encoder.encode(value));
        } catch (error) {
          controller.enqueue(encoder.encode(`${JSON.stringify(failureOf(error, noteFailure))}\n`));
          controller.close();
        }
      },
      cancel: async () => {
        await lines.return(undefined);
      },
    },
    { highWaterMark: 0 },
  );
  return new Response(body, { headers: { ...COMMON_HEADERS, 'Content-Type': LINES_TYPE, 'X-Accel-Buffering': 'no' } });
}

function failureOf(error: unknown, noteFailure: (error: unknown) => string): TransferFailed {
  if (error instanceof RegistryError) return { kind: 'failed', code: error.code, detail: error.message };
  const detail = `an unexpected error occurred; the registry logged it as request ${noteFailure(error)}`;
  return { kind: 'failed', code: 'INTERNAL', detail };
}
