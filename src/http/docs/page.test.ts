import { createHash } from 'node:crypto';
import { html } from 'hono/html';
import { describe, expect, it } from 'vitest';
import { pageResponse, prose } from './page';

describe('pageResponse', () => {
  it('[H2] allows its own style only', async () => {
    const style = 'body { color: red }';
    const response = await pageResponse({ title: 'a < b', body: html`<p>x</p>`, style });
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain(`style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    expect(policy).not.toContain('unsafe');
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
    });
    const text = await response.text();
    expect(text).toContain('<title>a &lt; b</title>');
    expect(text).toContain(`<style>${style}</style>`);
  });
});

describe('prose', () => {
  it('marks up code in backticks, and escapes text and attributes', async () => {
    const body = await html`${prose(`<a href="x" title='y'>& \`a<b\` and \`c\``)}`;
    expect(String(body)).toBe(
      '&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp; <code>a&lt;b</code> and <code>c</code>',
    );
  });

  it('keeps a single backtick', async () => {
    expect(String(await html`${prose('a `b')}`)).toBe('a `b');
  });
});
