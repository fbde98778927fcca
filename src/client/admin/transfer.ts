import type { ClientOptions } from '../wire/client-options';
import type { RegistryHttp } from '../wire/registry-http';
import { RollcallError } from '../wire/rollcall-error';
import type {
  FileCounts,
  ImportDifference,
  ImportDone,
  ImportMode,
  ImportProgress,
  TransferFailed,
} from '../wire/transfer-answers';
import type { CallSettings } from './requests';

/** Settings of an export. */
export interface ExportAsk extends CallSettings {
  /** Receives the file's counts of records once it has been read to its end. */
  onEnd?: ((counts: FileCounts) => void) | undefined;
}

/** Settings of an import. */
export interface ImportAsk extends CallSettings {
  mode: ImportMode;
  /** True: only report the differences. */
  dryRun?: boolean | undefined;
  /** An exported file; a stream is sent as it is read. */
  body: string | ReadableStream<Uint8Array>;
  /** Receives each record that a dry run would add, change or remove. */
  onDifference?: ((difference: ImportDifference) => void) | undefined;
  /** Receives the progress, after the whole file has been sent. */
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** Export and import: calls whose bodies are streams. */
export interface Transfers {
  /**
   * Exports a namespace as a file of lines. The stream fails if the file is truncated, so a file that was read to its
   * end is complete.
   */
  exportNamespace(ask?: ExportAsk): Promise<ReadableStream<Uint8Array>>;
  /**
   * Imports a file into a namespace. Nothing changes until the whole file has arrived and is valid; then it is applied to
   * the end, even if this call is cut off. Sending the same file again is safe.
   */
  importNamespace(ask: ImportAsk): Promise<ImportDone>;
}

/** Time limit of an import, as in the registry. */
const IMPORT_TIMEOUT_MS = 30 * 60_000;

/** Size of the tail that is kept to check the last line, which is far shorter. */
const TAIL_BYTES = 4_096;

/** Creates the two calls. */
export function transfers(http: RegistryHttp, options: ClientOptions): Transfers {
  const pathOf = (ns = options.namespace ?? 'public') => `/api/v1/ns/${encodeURIComponent(ns)}`;
  return {
    async exportNamespace({ ns, signal, timeoutMs, onAnswer, onEnd } = {}) {
      const answer = await http.request('GET', `${pathOf(ns)}/export`, { signal, timeoutMs });
      onAnswer?.(answer);
      if (answer.body === null) throw new RollcallError('UNREACHABLE', 'the export has no body');
      return answer.body.pipeThrough(untilItsEnd(onEnd));
    },
    async importNamespace({ ns, mode, dryRun, body, signal, timeoutMs, onAnswer, onDifference, onProgress }) {
      const answer = await http.request('POST', `${pathOf(ns)}/import`, {
        query: { mode, dryRun },
        raw: body,
        headers: { 'Content-Type': 'application/x-ndjson' },
        signal,
        timeoutMs: timeoutMs ?? IMPORT_TIMEOUT_MS,
      });
      onAnswer?.(answer);
      for await (const text of readLines(answer.body)) {
        const line = JSON.parse(text) as ImportDifference | ImportProgress | ImportDone | TransferFailed; // `as`: the registry's
        if (line.kind === 'done') return line;
        if (line.kind === 'failed') throw new RollcallError(line.code, line.detail, { status: answer.status });
        if (line.kind === 'difference') onDifference?.(line);
        else onProgress?.(line);
      }
      const what = 'the response to the import was cut off; an import that has started continues on its own';
      throw new RollcallError('UNREACHABLE', `${what}: send the same file again to be sure`);
    },
  };
}

/** Passes a file through, and fails at its end if the end line is missing. */
function untilItsEnd(onEnd: ExportAsk['onEnd']): TransformStream<Uint8Array, Uint8Array> {
  let tail = new Uint8Array(0);
  return new TransformStream({
    transform(chunk, controller) {
      const kept = new Uint8Array(Math.min(TAIL_BYTES, tail.byteLength + chunk.byteLength));
      const fromChunk = chunk.subarray(Math.max(0, chunk.byteLength - kept.byteLength));
      const fromTail = tail.subarray(tail.byteLength - (kept.byteLength - fromChunk.byteLength));
      kept.set(fromTail);
      kept.set(fromChunk, fromTail.byteLength);
      tail = kept;
      controller.enqueue(chunk);
    },
    flush() {
      const last = new TextDecoder().decode(tail).trimEnd().split('\n').at(-1) ?? '';
      if (last.startsWith('{"kind":"end"')) {
        // A file without entries does not count them. `as`: the registry's
        onEnd?.({ entries: 0, ...(JSON.parse(last) as Omit<FileCounts, 'entries'>) });
        return;
      }
      if (last.startsWith('{"kind":"failed"')) {
        const { code, detail } = JSON.parse(last) as TransferFailed; // `as`: the registry's
        throw new RollcallError(code, `the export failed midway: ${detail}`);
      }
      throw new RollcallError('UNREACHABLE', 'the export ended before its last line; run it again');
    },
  });
}

/** Yields the lines of a body as they arrive, without empty ones. */
export async function* readLines(body: ReadableStream<Uint8Array> | null): AsyncGenerator<string> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let begun = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      begun += done ? decoder.decode() : decoder.decode(value, { stream: true });
      const lines = begun.split('\n');
      begun = done ? '' : (lines.pop() ?? '');
      for (const line of lines) if (line !== '') yield line;
      if (done) return;
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
