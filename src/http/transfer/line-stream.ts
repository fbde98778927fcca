import { RegistryError } from '../../model/errors';
import type { TransferFailed } from '../../model/transfer';
import { COMMON_HEADERS } from '../response/answers';

/** Type of a body of JSON values, one in each line. */
export const LINES_TYPE = 'application/x-ndjson';

const encoder = new TextEncoder();

/**
 * An answer of lines that are made as they are read: nothing is asked for that nobody has room for. What fails on the
 * way is told in a last line of kind `failed`, as the status has gone already.
 *
 * @param noteFailure Tells the log of an error that nobody foresaw, and gives the id that it has there.
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
  const detail = `an error that nobody foresaw; the registry's log has it as request ${noteFailure(error)}`;
  return { kind: 'failed', code: 'INTERNAL', detail };
}
