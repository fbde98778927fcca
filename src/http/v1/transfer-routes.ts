import { EXPORT_VERSION } from '../../model/export-line';
import { readJsonText } from '../../model/json';
import { IMPORT_MAX_MS } from '../../model/limits';
import type { NamespaceApi } from '../../model/namespace-api';
import { ImportQuery } from '../../model/transfer';
import { route } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { importFile } from '../transfer/import-file';
import { LINES_TYPE, lineStream } from '../transfer/line-stream';
import { NAMESPACE_PATH } from './paths';

/** A namespace as a file, and back. */
export function addTransferRoutes(surface: Surface): void {
  route(surface, {
    operation: 'exportNamespace',
    method: 'get',
    path: `${NAMESPACE_PATH}/export`,
    scope: 'read',
    chapter: 'Registry',
    summary: 'Read a namespace as a file',
    description:
      'A JSON value in each line: a header, services, overrides and instances, and an end, without which the file was ' +
      'cut off. All of it is as it was at the cursor of the header. docs/export.md describes the lines.',
    input: {},
    answers: { 200: { description: 'The file, as it is read', contentType: LINES_TYPE } },
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
    summary: 'Take a file into a namespace',
    description:
      'The body is what an export gave. Nothing changes before all of it has come and is right: what is wrong is refused ' +
      'with the number of its line. Then it is applied to its end, whoever reads the answer: lines of kind `progress`, ' +
      'and one of kind `done` or `failed`. `replace` begins a new epoch: watches start over. ' +
      'A dry run answers with a line of kind `difference` for each record, and changes nothing.',
    input: { query: ImportQuery },
    bodyType: { contentType: LINES_TYPE, description: 'Lines as an export gives them' },
    answers: { 200: { description: 'How far it is, a JSON value in each line', contentType: LINES_TYPE } },
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

/** What an export is asked with. */
interface ExportRequest {
  /** Id of the namespace. */
  namespace: string;
  tokenId: string;
  /** Tells the log of an error after the answer has begun, and gives its id there. */
  noteFailure: (error: unknown) => string;
}

/**
 * A namespace as a file, a part at a time: the next one is asked for when the client has taken the one before. The first
 * is here before the answer begins, so that a refusal is one.
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
    yield line({ kind: 'rollcall-export', version: EXPORT_VERSION, namespace, cursor, ...first.header });
    const counts = { services: 0, overrides: 0, instances: 0 };
    let part = first;
    for (;;) {
      counts.services += part.counts.services;
      counts.overrides += part.counts.overrides;
      counts.instances += part.counts.instances;
      if (part.lines !== '') yield part.lines;
      if (part.next === undefined) break;
      part = readJsonText((await api.exportPart({ tokenId, after: part.next })).body);
    }
    yield line({ kind: 'end', ...counts });
  }
}

const line = (value: object): string => `${JSON.stringify(value)}\n`;
