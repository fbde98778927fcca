import { IMPORT_MAX_MS } from '../../model/limits';
import { ImportQuery } from '../../model/transfer';
import { route, type Surface } from '../pipeline/route';
import { exportFile } from '../transfer/export-file';
import { importFile } from '../transfer/import-file';
import { LINES_TYPE } from '../transfer/line-stream';
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
