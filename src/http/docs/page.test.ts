import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { escapeHtml, pageResponse } from './page';

describe('pageResponse', () => {
  it('[H2] allows its own style and nothing else', async () => {
    const style = 'body { color: red }';
    const response = await pageResponse({ title: 'a < b', body: '<p>x</p>', style });
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
    const html = await response.text();
    expect(html).toContain('<title>a &lt; b</title>');
    expect(html).toContain(`<style>${style}</style>`);
  });
});

describe('escapeHtml', () => {
  it('leaves nothing that could end a text or an attribute', () => {
    expect(escapeHtml(`<a href="x" title='y'>&`)).toBe('&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;');
  });
});
