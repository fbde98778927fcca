import { SOCKET_PROTOCOL } from '../../model/frames';
import type { Operation } from './api-document';

/** Stands in for a name of a path that has no example of its own. */
const EXAMPLE_NAMES: Record<string, string> = {
  ns: 'public',
  group: 'DEFAULT_GROUP',
  service: 'orders',
  id: '10.0.0.7:8080',
};

const singleQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * A command that calls an operation, ready to paste where $ROLLCALL and $TOKEN are set; for a socket, a line of
 * JavaScript where both are variables.
 */
export function curlLine(method: string, path: string, { parameters, requestBody, ...operation }: Operation): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const example = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.example;
    return String(example ?? EXAMPLE_NAMES[name] ?? name);
  });
  const answers = Object.entries(operation.responses);
  if (answers.some(([status]) => status === '101')) {
    return `new WebSocket(ROLLCALL + '${filled}', ['${SOCKET_PROTOCOL}', 'token.' + TOKEN])`;
  }
  // Without -N curl holds events back until there are enough of them.
  const goesOn = answers.some(([, { content }]) => content?.['text/event-stream'] !== undefined);
  const verb = method === 'get' ? '' : `-X ${method.toUpperCase()} `;
  const lines = [`curl ${goesOn ? '-N ' : ''}${verb}"$ROLLCALL${filled}"`];
  if (operation['x-scope'] !== undefined) lines.push('-H "Authorization: Bearer $TOKEN"');
  const example = requestBody?.content['application/json']?.example;
  if (example !== undefined) {
    lines.push("-H 'Content-Type: application/json'", `-d ${singleQuoted(JSON.stringify(example))}`);
  }
  return lines.join(' \\\n  ');
}
