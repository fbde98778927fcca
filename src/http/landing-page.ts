import { escapeHtml, type Page } from './page';

/** The page at the door: what this is, and where to go from here. */
export function landingPage(version: string): Page {
  return {
    title: 'Rollcall',
    body: `<h1>Rollcall ${escapeHtml(version)}</h1><p><a href="/docs">/docs</a></p>`,
    style: '',
  };
}
