import { RegistryError } from '../../model/errors';
import { readJsonText } from '../../model/json';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { ImportCounts, ImportDone, ImportMode, ImportPlan, ImportProgress } from '../../model/transfer';
import { fileLines } from './file-lines';
import { fileRecords } from './file-records';
import { LINES_TYPE, lineStream } from './line-stream';

/** Parameters of an import. */
interface ImportRequest {
  request: Request;
  caller: Caller;
  mode: ImportMode;
  dryRun: boolean;
  /** Logs an error that happens after the response has started; returns the id of the log entry. */
  noteFailure: (error: unknown) => string;
  now: () => number;
}

/** Media types in use for a body of JSON lines. */
const LINES_TYPES = /^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/**
 * Stages a file piece by piece, and applies it once all of it has arrived and is valid. An invalid file is refused with
 * the line number and changes nothing; once the response has started, the import is applied to the end, even if the
 * client disconnects.
 *
 * A dry run returns the differences instead, and leaves nothing behind.
 */
export async function importFile(
  api: NamespaceApi,
  { caller, noteFailure, ...upload }: ImportRequest,
): Promise<Response> {
  assertLines(upload.request.headers);
  const importId = await stageFile(api, caller, upload);
  const { mode } = upload;
  return lineStream(
    upload.dryRun ? dryRun(api, caller, importId, mode) : await applied(api, caller, importId, mode),
    noteFailure,
  );
}

function assertLines(headers: Headers): void {
  const type = headers.get('content-type');
  if (type !== null && LINES_TYPES.test(type)) return;
  const got = type === null ? 'it has none' : `it has "${type.slice(0, 80)}"`;
  throw new RegistryError('UNSUPPORTED_MEDIA_TYPE', `the body must have the Content-Type ${LINES_TYPE}; ${got}`);
}

/** Stages all records of the file, and returns the id of the import. */
async function stageFile(
  api: NamespaceApi,
  caller: Caller,
  { request, now }: Pick<ImportRequest, 'request' | 'now'>,
): Promise<string> {
  let importId: string | undefined;
  try {
    for await (const records of fileRecords(fileLines(request.body, now))) {
      importId = readJsonText((await api.stageImport(caller, { importId, records })).body).importId;
    }
  } catch (error) {
    if (importId !== undefined) await forget(api, caller, importId);
    throw error;
  }
  // There is always at least one piece, even if it is empty.
  return importId ?? '';
}

/** Drops a staged import. Errors are ignored, as a staged import also expires. */
async function forget(api: NamespaceApi, caller: Caller, importId: string): Promise<void> {
  await api.dropImport(caller, { importId }).catch(() => undefined);
}

/** Yields the pages of an import's plan: what it would change. */
async function* plans(
  api: NamespaceApi,
  caller: Caller,
  importId: string,
  mode: ImportMode,
): AsyncGenerator<ImportPlan> {
  let after: string | undefined;
  do {
    const plan = readJsonText((await api.planImport(caller, { importId, mode, after })).body);
    yield plan;
    after = plan.next;
  } while (after !== undefined);
}

function newCounts(): ImportCounts {
  return { added: 0, changed: 0, removed: 0, unchanged: 0 };
}

function add(counts: ImportCounts, { added, changed, removed, unchanged }: ImportCounts): void {
  counts.added += added;
  counts.changed += changed;
  counts.removed += removed;
  counts.unchanged += unchanged;
}

async function* dryRun(api: NamespaceApi, caller: Caller, importId: string, mode: ImportMode): AsyncGenerator<string> {
  const counts = newCounts();
  try {
    for await (const plan of plans(api, caller, importId, mode)) {
      add(counts, plan);
      if (plan.differences.length > 0) yield plan.differences.map(line).join('');
    }
    const { cursor, body } = await api.stats({ tokenId: caller.tokenId });
    const { revision } = readJsonText(body);
    yield line({ kind: 'done', mode, dryRun: true, ...counts, cursor, revision } satisfies ImportDone);
  } finally {
    await forget(api, caller, importId);
  }
}

/** Counts the changes, starts to apply them, and continues as the response is read. */
async function applied(
  api: NamespaceApi,
  caller: Caller,
  importId: string,
  mode: ImportMode,
): Promise<AsyncGenerator<string>> {
  const counts = newCounts();
  for await (const plan of plans(api, caller, importId, mode)) add(counts, plan);
  const first = await api.applyImport(caller, { importId, mode });
  return progress();

  async function* progress(): AsyncGenerator<string> {
    let answer = first;
    for (;;) {
      const { done, of, isDone, revision } = readJsonText(answer.body);
      if (isDone) {
        yield line({
          kind: 'done',
          mode,
          dryRun: false,
          ...counts,
          cursor: answer.cursor,
          revision,
        } satisfies ImportDone);
        return;
      }
      yield line({ kind: 'progress', done, of } satisfies ImportProgress);
      answer = await api.applyImport(caller, { importId, mode });
    }
  }
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;
