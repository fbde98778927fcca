import { EXPORT_VERSION, EXPORT_VERSION_WITHOUT_ENTRIES } from '../../model/export-line';
import { readJsonText } from '../../model/json';
import { IMPORT_MAX_MS } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { ImportQuery } from '../../model/transfer';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { importFile } from '../transfer/import-file';
import { LINES_TYPE, lineStream } from '../transfer/line-stream';
import { NAMESPACE_PATH } from './paths';

/** Adds the routes that export a namespace to a file and import one. */
export function addTransferRoutes(surface: Surface): void {
  route(surface, {
    operation: 'exportNamespace',
    method: 'get',
    path: `${NAMESPACE_PATH}/export`,
    scope: 'read',
    chapter: 'Registry',
    summary: 'Export a namespace as a file',
    description:
      'One JSON value per line: a header, services, overrides, instances and entries, and an end line; a file without it ' +
      'is truncated. Entries that a lease holds are left out. The whole file is a snapshot at the cursor in the header. docs/export.md describes the lines.',
    input: {},
    answers: { 200: { description: 'The file, streamed', contentType: LINES_TYPE } },
    call: (namespace, _input, call) =>
      exportFile(namespace, {
        namespace: call.namespace,
        tokenId: call.tokenId,
        noteFailure: (error) => call.noteFailure(error),
      }),
    map: (response) => response,
  });

  route(surface, {
    operation: 'importNamespace',
    method: 'post',
    path: `${NAMESPACE_PATH}/import`,
    scope: 'admin',
    chapter: 'Registry',
    summary: 'Import a file into a namespace',
    description:
      'The body is an exported file. Nothing changes until all of it has arrived and is valid; errors give the line ' +
      'number. It is then applied to the end, even if the client disconnects. The response has lines of kind `progress`, ' +
      'then one of kind `done` or `failed`. `replace` starts a new epoch, which resets watches. ' +
      'A dry run changes nothing and returns a line of kind `difference` for each record.',
    input: { query: ImportQuery },
    bodyType: { contentType: LINES_TYPE, description: 'Lines of an export' },
    answers: { 200: { description: 'Progress, one JSON value per line', contentType: LINES_TYPE } },
    waitMs: () => IMPORT_MAX_MS,
    call: (namespace, { query: { mode, dryRun } }, call) =>
      importFile(namespace, {
        request: call.request,
        caller: call.callerWithOrigin,
        mode,
        dryRun,
        noteFailure: (error) => call.noteFailure(error),
        now: call.surroundings.now,
      }),
    map: (response) => response,
  });
}

/** Parameters of an export. */
interface ExportRequest {
  /** Id of the namespace. */
  namespace: string;
  tokenId: string;
  /** Logs an error that happens after the response has started; returns the id of the log entry. */
  noteFailure: (error: unknown) => string;
}

/**
 * Streams a namespace as a file, part by part: the next part is read once the client has taken the previous one. The
 * first part is read before the response starts, so that an error still sets the status.
 */
async function exportFile(api: NamespaceApi, { namespace, tokenId, noteFailure }: ExportRequest): Promise<Response> {
  const answer = await api.exportPart({ tokenId });
  const first = readJsonText(answer.body);
  const response = lineStream(lines(), noteFailure);
  response.headers.set('Rollcall-Cursor', answer.cursor);
  response.headers.set('Content-Disposition', `attachment; filename="${namespace}.jsonl"`);
  return response;

  async function* lines(): AsyncGenerator<string> {
    const { cursor } = answer;
    const version = first.header?.counts.entries === 0 ? EXPORT_VERSION_WITHOUT_ENTRIES : EXPORT_VERSION;
    yield line({ kind: 'rollcall-export', version, namespace, cursor, ...first.header });
    const counts = { services: 0, overrides: 0, instances: 0, entries: 0 };
    let part = first;
    for (;;) {
      counts.services += part.counts.services;
      counts.overrides += part.counts.overrides;
      counts.instances += part.counts.instances;
      counts.entries += part.counts.entries;
      if (part.lines !== '') yield part.lines;
      if (part.next === undefined) break;
      part = readJsonText((await api.exportPart({ tokenId, after: part.next })).body);
    }
    const { entries, ...records } = counts;
    // An earlier version refuses a member that it does not know.
    yield line({ kind: 'end', ...(version === EXPORT_VERSION_WITHOUT_ENTRIES ? records : { ...records, entries }) });
  }
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;
