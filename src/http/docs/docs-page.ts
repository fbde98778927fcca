import { html } from 'hono/html';
import { PROBLEM_TABLE } from '../response/error-response';
import type { ApiDocument } from './api-document';
import { DOCS_STYLE } from './docs-style';
import { operationCard } from './operation-card';
import { type Html, type Page, prose } from './page';

/** Returns the commands to start with. @param origin Of the registry; safe in a shell command. */
const start = (
  origin: string,
): string => `# this registry, a token, and a service; on one machine the root token is in its data folder
ROLLCALL=${origin}
TOKEN=$(cat data/root-token)
ORDERS=$ROLLCALL/api/v1/ns/public/groups/DEFAULT_GROUP/services/orders

# register an instance and renew its lease
curl -X PUT "$ORDERS/instances/10.0.0.7:8080" -H "Authorization: Bearer $TOKEN" \\
  -H 'Content-Type: application/json' -d '{"address": "10.0.0.7", "port": 8080}'
curl -X POST "$ORDERS/instances/10.0.0.7:8080/heartbeat" -H "Authorization: Bearer $TOKEN"

# resolve the service to the instances that take traffic
curl "$ORDERS/resolve" -H "Authorization: Bearer $TOKEN"`;

const RULES: readonly [string, string][] = [
  [
    'Tokens',
    'Every request needs `Authorization: Bearer <token>`, unless its description says otherwise. Without a valid token the response is 401, even if something else is wrong, too.',
  ],
  [
    'Bodies',
    'JSON in UTF-8, with `Content-Type: application/json`. Unknown members and parameters are refused, so that typos do not go unnoticed, and so are duplicate keys in an object. Durations are milliseconds in bodies, and `30s` or `5m` in queries.',
  ],
  ['Names', 'Names in a path are percent-encoded; `%2F` in a name is allowed.'],
  [
    'Positions',
    'Every response about a namespace carries its position in `Rollcall-Cursor`; reads also return it as `ETag`. Send it as `If-None-Match` to get 304 while nothing has changed, or as `If-Match` with a change that must not overwrite another one.',
  ],
  [
    'Freshness',
    'A read reflects every change that completed before it started. `consistency=cached` allows a copy up to `maxAge` old; `Age` gives its age.',
  ],
  [
    'Leases',
    'An instance becomes unhealthy `ttlMs` after its last renewal and is removed after `removeAfterMs`. Renew every `intervalMs`; on 404, register again.',
  ],
];

function problems(): Html {
  const rows = PROBLEM_TABLE.map(
    ({ code, status, title }) =>
      html`<tr id="${code}"><th scope="row"><code>${code}</code></th><td class="type">${status}</td><td>${title}</td></tr>`,
  );
  return html`<h2 id="errors">Errors</h2>
<p>${prose('Errors are `application/problem+json`: `code` is for programs, `detail` for people, and `errors` lists each invalid member.')}</p>
<div class="wide"><table>${rows}</table></div>`;
}

function chapter(document: ApiDocument, { name, description }: { name: string; description: string }): Html {
  const cards = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, { tags }]) => tags.includes(name))
      .map(([method, operation]) => html`\n${operationCard(document, path, method, operation)}`),
  );
  return html`<h2 id="${name.toLowerCase()}">${name}</h2>\n<p>${prose(description)}.</p>${cards}`;
}

/**
 * Renders the API reference from the OpenAPI document.
 *
 * @param origin Of the registry, for the examples; safe in a shell command.
 */
export function docsPage(document: ApiDocument, origin: string): Page {
  const { info, tags } = document;
  const links = ['Start', ...tags.map(({ name }) => name), 'Errors'].map(
    (name) => html`<a href="#${name.toLowerCase()}">${name}</a>`,
  );
  const rules = RULES.map(
    ([title, text]) => html`<tr><th scope="row"><b>${title}</b></th><td>${prose(text)}</td></tr>`,
  );
  const body = html`<header>
<h1>${info.title}</h1>
<p class="lead">${info.summary}. Version ${info.version}.</p>
<nav>${links}<a href="/api/v1/openapi.json">OpenAPI</a></nav>
</header>
<main>
<h2 id="start">Start</h2>
<pre><code>${start(origin)}</code></pre>
<div class="wide"><table>${rules}</table></div>
${tags.map((tag) => html`${chapter(document, tag)}\n`)}${problems()}
</main>
<footer>${prose(info.description)}</footer>`;
  return { title: `${info.title} API reference`, body, style: DOCS_STYLE };
}
