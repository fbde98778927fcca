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

/** What an export is asked with. */
export interface ExportAsk extends CallSettings {
  /** Takes what the file counts, when it has been read to its end. */
  onEnd?: ((counts: FileCounts) => void) | undefined;
}

/** What an import is asked with. */
export interface ImportAsk extends CallSettings {
  mode: ImportMode;
  /** True: only tell what would be different. */
  dryRun?: boolean | undefined;
  /** The file, as an export gave it: it is sent as it is read. */
  body: string | ReadableStream<Uint8Array>;
  /** Takes each record that a dry run would add, change or remove. */
  onDifference?: ((difference: ImportDifference) => void) | undefined;
  /** Takes how far it has come, once all of the file has been sent. */
  onProgress?: ((progress: ImportProgress) => void) | undefined;
}

/** An export and an import: calls whose bodies are streams. */
export interface Transfers {
  /**
   * Reads a namespace as a file of lines. The stream fails where the file was cut off, so what has been read to its end
   * is whole.
   */
  exportNamespace(ask?: ExportAsk): Promise<ReadableStream<Uint8Array>>;
  /**
   * Takes a file into a namespace. Nothing changes before all of the file has come and is right; then it is applied to
   * its end, also where this call breaks off: the same file may be sent again.
   */
  importNamespace(ask: ImportAsk): Promise<ImportDone>;
}

/** As long as the registry gives an import. */
const IMPORT_TIMEOUT_MS = 30 * 60_000;

/** The last line of a file is far shorter. */
const TAIL_BYTES = 4_096;

/** Makes the two calls. */
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
        lines: body,
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
      const what = 'the answer to the import broke off; what had begun to be applied goes on by itself';
      throw new RollcallError('UNREACHABLE', `${what}: send the same file again to be sure`);
    },
  };
}

/** Lets a file through, and fails at its end where that is not the end that it should have. */
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
        onEnd?.(JSON.parse(last) as FileCounts); // `as`: the registry's
        return;
      }
      if (last.startsWith('{"kind":"failed"')) {
        const { code, detail } = JSON.parse(last) as TransferFailed; // `as`: the registry's
        throw new RollcallError(code, `the export broke off: ${detail}`);
      }
      throw new RollcallError('UNREACHABLE', 'the export broke off before its last line; run it again');
    },
  });
}

/** Lines of a body as they come, without those that are empty. */
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
