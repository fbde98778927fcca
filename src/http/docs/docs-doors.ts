import { html } from 'hono/html';
import openApi from '../../../docs/openapi.json';
import { openDoor } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { publicOrigin } from '../request/headers';
import { COMMON_HEADERS } from '../response/answers';
import type { ApiDocument } from './api-document';
import { docsPage } from './docs-page';
import { DOCS_STYLE } from './docs-style';
import { type Page, pageResponse } from './page';

/** `as`: a test compares the committed document with the routes it is generated from; its literal type is of no use. */
const document = openApi as unknown as ApiDocument;

/** Where `rollcall serve` listens by default. */
const DEFAULT_ORIGIN = 'http://127.0.0.1:8787';

/**
 * Adds the open routes that document the registry: two pages, and the OpenAPI document that one of them is made from.
 *
 * @param hasConsole True: the start page links to the console.
 */
export function addDocsDoors(surface: Surface, version: string, hasConsole: boolean): void {
  const originOf = (request: Request) => publicOrigin(request, surface.origins, DEFAULT_ORIGIN);
  openDoor(surface, {
    operation: 'readDocument',
    method: 'get',
    path: '/api/v1/openapi.json',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Read the API description as OpenAPI 3.1',
    input: {},
    answers: { 200: { description: 'The OpenAPI document', contentType: 'application/json' } },
    answer: (request) => {
      const servers = document.servers.map(({ url, ...server }) => ({
        ...server,
        // Paths are appended, and begin with a slash.
        url: originOf(request) + (url === '/' ? '' : url),
      }));
      const text = JSON.stringify({ ...document, servers });
      return new Response(text, { headers: { ...COMMON_HEADERS, 'Content-Type': 'application/json' } });
    },
  });

  openDoor(surface, {
    operation: 'showDocs',
    method: 'get',
    path: '/docs',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Show the API reference',
    input: {},
    answers: { 200: { description: 'An HTML page', contentType: 'text/html' } },
    answer: (request) => pageResponse(docsPage(document, originOf(request))),
  });

  openDoor(surface, {
    operation: 'showLanding',
    method: 'get',
    path: '/',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Show the start page',
    input: {},
    answers: { 200: { description: 'An HTML page', contentType: 'text/html' } },
    answer: () => pageResponse(landingPage(version, hasConsole)),
  });
}

/** Renders the start page: a description and links, no data. */
function landingPage(version: string, hasConsole: boolean): Page {
  const toConsole = hasConsole ? html`<a href="/console">Console</a>` : '';
  const body = html`<main>
<h1>Rollcall</h1>
<p class="lead">A service registry.</p>
<p>Instances register and renew a lease; an instance disappears when its lease expires. Clients resolve services to healthy instances.</p>
<nav>${toConsole}<a href="/docs">API reference</a><a href="/api/v1/openapi.json">OpenAPI</a><a href="/health">Health</a></nav>
<footer>Version ${version}</footer>
</main>`;
  return { title: 'Rollcall', body, style: DOCS_STYLE };
}
