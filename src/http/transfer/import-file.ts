import { RegistryError } from '../../model/errors';
import { readJsonText } from '../../model/json';
import type { Caller, NamespaceApi } from '../../model/namespace-api';
import type { ImportCounts, ImportDone, ImportMode, ImportPlan, ImportProgress } from '../../model/transfer';
import { fileLines } from './file-lines';
import { fileRecords } from './file-records';
import { LINES_TYPE, lineStream } from './line-stream';

/** What an import is asked with. */
interface ImportRequest {
  request: Request;
  caller: Caller;
  mode: ImportMode;
  dryRun: boolean;
  /** Tells the log of an error after the answer has begun, and gives its id there. */
  noteFailure: (error: unknown) => string;
  now: () => number;
}

/** Types of a body of lines, as the world calls them. */
const LINES_TYPES = /^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines)\s*(?:;\s*charset="?utf-8"?\s*)?$/i;

/**
 * Takes a file in, piece by piece, and only when all of it has come and is right, applies it. So whatever is wrong with
 * the file is refused with the number of its line, and nothing has changed; and once the answer has begun, the import is
 * applied to its end whether somebody reads the answer or not.
 *
 * A dry run answers with the differences instead, and leaves nothing.
 */
export async function importFile(
  api: NamespaceApi,
  { caller, noteFailure, ...asked }: ImportRequest,
): Promise<Response> {
  assertLines(asked.request.headers);
  const importId = await stageFile(api, caller, asked);
  const { mode } = asked;
  return lineStream(
    asked.dryRun ? dryRun(api, caller, importId, mode) : await applied(api, caller, importId, mode),
    noteFailure,
  );
}

function assertLines(headers: Headers): void {
  const type = headers.get('content-type');
  if (type !== null && LINES_TYPES.test(type)) return;
  const got = type === null ? 'there is none' : `this one is "${type.slice(0, 80)}"`;
  throw new RegistryError('UNSUPPORTED_MEDIA_TYPE', `the body must have the Content-Type ${LINES_TYPE}; ${got}`);
}

/** Puts all records of the file aside, and returns the name of the import. */
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
  // There is always a piece, and be it empty.
  return importId ?? '';
}

/** What was put aside is forgotten in a while all the same. */
async function forget(api: NamespaceApi, caller: Caller, importId: string): Promise<void> {
  await api.dropImport(caller, { importId }).catch(() => undefined);
}

/** Pages of what it would change. */
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

/** Counts what it changes, begins to apply it, and goes on as the answer is read. */
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
