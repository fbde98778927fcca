import type { ApiDocument, Operation, Parameter } from './api-document';
import { curlLine } from './curl-line';
import { escapeHtml } from './page';
import { type MemberRow, SchemaRows } from './schema-rows';

/** Text with `code` between backticks, as HTML. */
export function prose(text: string): string {
  return escapeHtml(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function memberTable(title: string, rows: readonly MemberRow[]): string {
  if (rows.length === 0) return '';
  const lines = rows.map(
    ({ name, type, required, description }) =>
      `<tr><th scope="row"><code>${escapeHtml(name)}</code>${required ? ' <span class="must">required</span>' : ''}</th>` +
      `<td class="type">${escapeHtml(type)}</td><td>${prose(description)}</td></tr>`,
  );
  return `<h4>${title}</h4><div class="wide"><table class="members">${lines.join('')}</table></div>`;
}

const PLACES: Record<string, string> = { path: 'Path', query: 'Query', header: 'Headers' };

function parameterTables(parameters: readonly Parameter[], rows: SchemaRows): string {
  return Object.entries(PLACES)
    .map(([place, title]) =>
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
    )
    .join('');
}

function answerList({ responses }: Operation, rows: SchemaRows): string {
  const answers = Object.entries(responses).filter(([status]) => status !== 'default');
  const lines = answers.map(([status, { description }]) => `<li><b>${status}</b> ${prose(description)}</li>`);
  const members = answers.flatMap(([, { content }]) => Object.values(content ?? {}));
  const shown = members.find(({ schema }) => schema.type !== 'string');
  // Every member of an answer that may be missing is one that the instance may leave out; marking the others would say little.
  const held = shown === undefined ? [] : rows.of(shown.schema).map((row) => ({ ...row, required: false }));
  const table = memberTable('Members of the answer', held);
  return `<h4>Answers</h4><ul class="answers">${lines.join('')}</ul>${table === '' ? '' : `<details class="inner"><summary>What the answer holds</summary>${table}</details>`}`;
}

/** One operation, closed to a line until somebody wants to know more. */
export function operationCard(document: ApiDocument, path: string, method: string, operation: Operation): string {
  const rows = new SchemaRows(document);
  const { operationId, summary, description, parameters, requestBody } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const scope = operation['x-scope'];
  const needs =
    scope === undefined
      ? 'Needs no token.'
      : scope === 'any'
        ? 'What the token needs depends on what is asked.'
        : `Needs a token with the scope \`${scope}\`.`;
  return `<details class="operation" id="${operationId}">
<summary><span class="method ${method}">${method.toUpperCase()}</span> <code class="path">${escapeHtml(path)}</code> <span class="what">${prose(summary)}</span></summary>
<div class="card">
<p>${prose([description ?? '', needs].filter((text) => text !== '').join(' '))}</p>
<pre><code>${escapeHtml(curlLine(method, path, operation))}</code></pre>
${parameterTables(parameters, rows)}
${body === undefined ? '' : memberTable('Body', rows.of(body))}
${answerList(operation, rows)}
</div>
</details>`;
}
