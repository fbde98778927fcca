import { DOCS_STYLE } from './docs-style';
import { escapeHtml, type Page } from './page';

/** The page at the door: what this is, and where to go from here. It shows no data. */
export function landingPage(version: string): Page {
  const body = `<main>
<h1>Rollcall</h1>
<p class="lead">A service registry runs here.</p>
<p>Services register, hold a lease, and disappear when it lapses; callers resolve their peers.</p>
<nav><a href="/docs">The API</a><a href="/api/v1/openapi.json">OpenAPI</a><a href="/health">Health</a></nav>
<footer>Version ${escapeHtml(version)}</footer>
</main>`;
  return { title: 'Rollcall', body, style: DOCS_STYLE };
}
