import { EXPORT_VERSION } from '../../model/export-line';
import { readJsonText } from '../../model/json';
import type { NamespaceApi } from '../../model/namespace-api';
import { lineStream } from './line-stream';

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
export async function exportFile(
  api: NamespaceApi,
  { namespace, tokenId, noteFailure }: ExportRequest,
): Promise<Response> {
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
