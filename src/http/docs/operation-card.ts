import { html } from 'hono/html';
import { SOCKET_PROTOCOL } from '../../model/frames';
import type { ApiDocument, Operation, Parameter } from './api-document';
import { type Html, prose } from './page';
import { type MemberRow, SchemaRows } from './schema-rows';

const REQUIRED = html` <span class="must">required</span>`;

function memberTable(title: string, rows: readonly MemberRow[]): Html | undefined {
  if (rows.length === 0) return undefined;
  const lines = rows.map(
    ({ name, type, required, description }) =>
      html`<tr><th scope="row"><code>${name}</code>${required && REQUIRED}</th><td class="type">${type}</td><td>${prose(description)}</td></tr>`,
  );
  return html`<h4>${title}</h4><div class="wide"><table class="members">${lines}</table></div>`;
}

const PLACES: Record<string, string> = { path: 'Path', query: 'Query', header: 'Headers' };

function parameterTables(parameters: readonly Parameter[], rows: SchemaRows): (Html | undefined)[] {
  return Object.entries(PLACES).map(([place, title]) =>
    memberTable(
      title,
      parameters
        .filter((parameter) => parameter.in === place)
        .map(({ name, required = false, description = '', schema }) => ({
          name,
          required,
          type: rows.typeOf(schema),
          description:
            schema.default === undefined ? description : `${description}. Default \`${String(schema.default)}\`.`,
        })),
    ),
  );
}

function answerList({ responses }: Operation, rows: SchemaRows): Html {
  const answers = Object.entries(responses).filter(([status]) => status !== 'default');
  const lines = answers.map(([status, { description }]) => html`<li><b>${status}</b> ${prose(description)}</li>`);
  const contents = answers.flatMap(([, { content }]) => Object.values(content ?? {}));
  const shown = contents.find(({ schema }) => schema.type !== 'string');
  // Members of a response are missing only if the instance left them out; marking the others as required adds nothing.
  const held = shown === undefined ? [] : rows.of(shown.schema).map((row) => ({ ...row, required: false }));
  const table = memberTable('Response body', held);
  const members = table && html`<details class="inner"><summary>Members of the response</summary>${table}</details>`;
  return html`<h4>Responses</h4><ul class="answers">${lines}</ul>${members}`;
}

/** Renders an operation as a collapsed card. */
export function operationCard(document: ApiDocument, path: string, method: string, operation: Operation): Html {
  const rows = new SchemaRows(document);
  const { operationId, summary, description, parameters, requestBody } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const scope = operation['x-scope'];
  const needs =
    scope === undefined
      ? 'Requires no token.'
      : scope === 'any'
        ? 'The scope that the token needs depends on the request.'
        : `Requires a token with the scope \`${scope}\`.`;
  return html`<details class="operation" id="${operationId}">
<summary><span class="method ${method}">${method.toUpperCase()}</span> <code class="path">${path}</code> <span class="what">${prose(summary)}</span></summary>
<div class="card">
<p>${prose([description ?? '', needs].filter((text) => text !== '').join(' '))}</p>
<pre><code>${curlLine(method, path, operation)}</code></pre>
${parameterTables(parameters, rows)}
${body && memberTable('Body', rows.of(body))}
${answerList(operation, rows)}
</div>
</details>`;
}

/** Examples for path parameters whose schema has none. */
const EXAMPLE_NAMES: Record<string, string> = {
  ns: 'public',
  group: 'DEFAULT_GROUP',
  service: 'orders',
  id: '10.0.0.7:8080',
};

const singleQuoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * Returns a curl command that calls an operation, ready to paste if $ROLLCALL and $TOKEN are set; for a socket, a line
 * of JavaScript in which both are variables.
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
  // Without -N curl buffers events.
  const isStream = answers.some(([, { content }]) => content?.['text/event-stream'] !== undefined);
  const verb = method === 'get' ? '' : `-X ${method.toUpperCase()} `;
  const lines = [`curl ${isStream ? '-N ' : ''}${verb}"$ROLLCALL${filled}"`];
  if (operation['x-scope'] !== undefined) lines.push('-H "Authorization: Bearer $TOKEN"');
  const example = requestBody?.content['application/json']?.example;
  if (example !== undefined) {
    lines.push("-H 'Content-Type: application/json'", `-d ${singleQuoted(JSON.stringify(example))}`);
  }
  return lines.join(' \\\n  ');
}
