import openApi from '../../../docs/openapi.json';
import { openDoor } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { COMMON_HEADERS } from '../response/answers';
import type { ApiDocument } from './api-document';
import { docsPage } from './docs-page';
import { DOCS_STYLE } from './docs-style';
import { escapeHtml, type Page, pageResponse } from './page';

/** `as`: a test holds the committed document against the routes that it was made from; its literal type helps nobody. */
const document = openApi as unknown as ApiDocument;

/** What explains the registry to whoever comes by: two pages and the document that one of them is made from. */
export function addDocsDoors(surface: Surface, version: string): void {
  openDoor(surface, {
    operation: 'readDocument',
    method: 'get',
    path: '/api/v1/openapi.json',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Read this description, as OpenAPI 3.1',
    input: {},
    answers: { 200: { description: 'The document', contentType: 'application/json' } },
    answer: () =>
      new Response(JSON.stringify(openApi), { headers: { ...COMMON_HEADERS, 'Content-Type': 'application/json' } }),
  });

  openDoor(surface, {
    operation: 'showDocs',
    method: 'get',
    path: '/docs',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Show this description as a page',
    input: {},
    answers: { 200: { description: 'A page', contentType: 'text/html' } },
    answer: () => pageResponse(docsPage(document)),
  });

  openDoor(surface, {
    operation: 'showLanding',
    method: 'get',
    path: '/',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Show what this is, and where to go from here',
    input: {},
    answers: { 200: { description: 'A page', contentType: 'text/html' } },
    answer: () => pageResponse(landingPage(version)),
  });
}

/** The page at the door: what this is, and where to go from here. It shows no data. */
function landingPage(version: string): Page {
  const body = `<main>
<h1>Rollcall</h1>
<p class="lead">A service registry runs here.</p>
<p>Services register, hold a lease, and disappear when it lapses; callers resolve their peers.</p>
<nav><a href="/docs">The API</a><a href="/api/v1/openapi.json">OpenAPI</a><a href="/health">Health</a></nav>
<footer>Version ${escapeHtml(version)}</footer>
</main>`;
  return { title: 'Rollcall', body, style: DOCS_STYLE };
}
