import { PROBLEM_TABLE } from '../response/error-response';
import type { ApiDocument } from './api-document';
import { DOCS_STYLE } from './docs-style';
import { operationCard, prose } from './operation-card';
import { escapeHtml, type Page } from './page';

const START = `# where it runs, the root token of whoever runs it, and a service
ROLLCALL=http://127.0.0.1:8787
TOKEN=$(cat data/root-token)
ORDERS=$ROLLCALL/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders

# an instance of it says that it is there, and keeps saying so
curl -X PUT "$ORDERS/instances/10.0.0.7:8080" -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d '{"address": "10.0.0.7", "port": 8080}'
curl -X POST "$ORDERS/instances/10.0.0.7:8080/heartbeat" -H "Authorization: Bearer $TOKEN"

# a caller asks who takes traffic
curl "$ORDERS/resolve" -H "Authorization: Bearer $TOKEN"`;

const RULES: readonly [string, string][] = [
  [
    'Tokens',
    'Every call needs `Authorization: Bearer <token>`, except for those that say otherwise. Without a valid one the answer is 401, whatever else is wrong.',
  ],
  [
    'Bodies',
    'JSON in UTF-8, with `Content-Type: application/json`. A member or a parameter that is not known is refused, so that a misspelt one cannot pass; so is a key that comes twice in an object. Durations in bodies are milliseconds, in queries they are written `30s` or `5m`.',
  ],
  ['Names', 'Names in a path are percent-encoded; `%2F` inside a name is fine.'],
  [
    'Positions',
    'Every answer about a namespace carries its position as `Rollcall-Cursor`; a read gives it as `ETag`, too. Send it back as `If-None-Match` to be told 304 while nothing changed, or as `If-Match` with a change that must not overwrite another one.',
  ],
  [
    'Freshness',
    'A read shows every change that was answered before it began. With `consistency=cached` a copy up to `maxAge` old will do, and `Age` says how old it is.',
  ],
  [
    'Leases',
    'An instance is unhealthy `ttlMs` after its last renewal, and gone after `removeAfterMs`. Renew every `intervalMs`; on 404, register again.',
  ],
];

function problems(): string {
  const rows = PROBLEM_TABLE.map(
    ({ code, status, title }) =>
      `<tr id="${code}"><th scope="row"><code>${code}</code></th><td class="type">${status}</td><td>${escapeHtml(title)}</td></tr>`,
  );
  return `<h2 id="refusals">Refusals</h2>
<p>${prose('A refusal is `application/problem+json`: `code` for programs, `detail` for people, and `errors` with each member that was wrong.')}</p>
<div class="wide"><table>${rows.join('')}</table></div>`;
}

function chapter(document: ApiDocument, { name, description }: { name: string; description: string }): string {
  const cards = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { tags }]) => tags.includes(name))
      .map(([method, operation]) => operationCard(document, path, method, operation)),
  );
  return `<h2 id="${name.toLowerCase()}">${name}</h2>\n<p>${prose(description)}.</p>\n${cards.join('\n')}`;
}

/** The API as a page for people, made from the document for programs. */
export function docsPage(document: ApiDocument): Page {
  const { info, tags } = document;
  const links = ['Start', ...tags.map(({ name }) => name), 'Refusals'].map(
    (name) => `<a href="#${name.toLowerCase()}">${name}</a>`,
  );
  const rules = RULES.map(([title, text]) => `<tr><th scope="row"><b>${title}</b></th><td>${prose(text)}</td></tr>`);
  const body = `<header>
<h1>${escapeHtml(info.title)}</h1>
<p class="lead">${escapeHtml(info.summary)}. Version ${escapeHtml(info.version)}.</p>
<nav>${links.join('')}<a href="/api/v1/openapi.json">OpenAPI</a></nav>
</header>
<main>
<h2 id="start">Start</h2>
<pre><code>${escapeHtml(START)}</code></pre>
<div class="wide"><table>${rules.join('')}</table></div>
${tags.map((tag) => chapter(document, tag)).join('\n')}
${problems()}
</main>
<footer>${prose(info.description)}</footer>`;
  return { title: `${info.title}: the API`, body, style: DOCS_STYLE };
}
