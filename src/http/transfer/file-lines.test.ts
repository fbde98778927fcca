import { describe, expect, it } from 'vitest';
import { IMPORT_DISCARD_MAX_MS } from '../../model/limits';
import { fileLines } from './file-lines';

/** A body of these pieces, which then ends, or breaks off. */
function bodyOf(pieces: readonly string[], breaksOff = false): ReadableStream<Uint8Array> {
  const left = pieces.map((piece) => new TextEncoder().encode(piece));
  return new ReadableStream({
    pull(controller) {
      const next = left.shift();
      if (next !== undefined) controller.enqueue(next);
      else if (breaksOff) controller.error(new Error('Network connection lost.'));
      else controller.close();
    },
  });
}

/** All lines of a body, each with its number. */
async function linesOf(body: ReadableStream<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const { number, text } of fileLines(body, () => 0)) lines.push(`${number} ${text}`);
  return lines;
}

it('[Z5] joins chunks to lines, and counts skipped lines', async () => {
  const body = bodyOf(['\uFEFFon', 'e\r\n\ntw', 'o\nthr', '', 'ee']);
  expect(await linesOf(body)).toEqual(['1 one', '3 two', '4 three']);
});

/** A body without an end, or of so many pieces; counts those that were taken. */
function counted(count = Number.POSITIVE_INFINITY) {
  const taken = { count: 0, isCancelled: false };
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (taken.count === count) return controller.close();
        taken.count += 1;
        controller.enqueue(new TextEncoder().encode('line\n'));
      },
      cancel() {
        taken.isCancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { body, taken };
}

describe('a refused file', () => {
  it('[Z7] is read to its end, so that the sender receives the error', async () => {
    const { body, taken } = counted(100);
    for await (const _line of fileLines(body, () => 0)) break;
    expect(taken.count).toBe(100);
  });

  it('[Z7, I10] is read for a limited time', async () => {
    const { body, taken } = counted();
    for await (const _line of fileLines(body, () => taken.count * 1_000)) break;
    expect(taken).toEqual({ count: 1 + IMPORT_DISCARD_MAX_MS / 1_000, isCancelled: true });
  });
});

it('[I10, Z11] reports a file whose sender disconnects as an error of the client', async () => {
  await expect(linesOf(bodyOf(['one\ntw'], true))).rejects.toMatchObject({
    code: 'INVALID_REQUEST',
    message: 'the body ended early; send it again',
  });
});
