import { html, raw } from 'hono/html';
import { COMMON_HEADERS } from '../response/answers';
import { PAGE_HEADERS } from '../response/page-headers';

/** HTML in which all text is escaped. A promise only in the type: no part of a page is asynchronous. */
export type Html = ReturnType<typeof html>;

/** A self-contained HTML page. */
export interface Page {
  title: string;
  body: Html;
  /** The only style sheet; the content security policy allows it by its digest. */
  style: string;
}

/** Marks up `code` in backticks. */
export function prose(text: string): (Html | string)[] {
  // The parts at odd indices are those in backticks.
  return text.split(/`([^`]+)`/).map((part, index) => (index % 2 === 0 ? part : html`<code>${part}</code>`));
}

async function styleSource(style: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(style)));
  return `'sha256-${btoa(String.fromCharCode(...digest))}'`;
}

/** Returns a page that runs no script, loads nothing, and can't be framed. */
export async function pageResponse({ title, body, style }: Page): Promise<Response> {
  const text = await html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${raw(style)}</style>
</head>
<body>
${body}
</body>
</html>
`;
  return new Response(String(text), {
    headers: {
      ...COMMON_HEADERS,
      ...PAGE_HEADERS,
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Security-Policy': `default-src 'none'; style-src ${await styleSource(style)}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    },
  });
}
