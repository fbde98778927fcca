import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { Operation } from './api-document';
import { curlLine } from './operation-card';

const operation = (parts: Partial<Operation>): Operation => ({
  operationId: 'x',
  tags: [],
  summary: '',
  parameters: [],
  responses: {},
  'x-scope': 'read',
  ...parts,
});

/** Returns the words of a shell command line, as curl would receive them. */
function words(line: string): string[] {
  const script = `curl() { printf '%s\\0' "$@"; }; ROLLCALL=http://h TOKEN=t; ${line}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('curlLine', () => {
  it('fills in names, and sends required parameters only', () => {
    expect(words(curlLine('get', '/ns/{ns}/x/{other}', operation({})))).toEqual([
      'http://h/ns/public/x/other',
      '-H',
      'Authorization: Bearer t',
    ]);
    const { 'x-scope': _scope, ...open } = operation({});
    expect(words(curlLine('get', '/health', open))).toEqual(['http://h/health']);
  });

  it('shows a stream without buffering, and a socket as an upgrade', () => {
    const content = { 'text/event-stream': { schema: { type: 'string' } } };
    const stream = operation({ responses: { 200: { description: '', content } } });
    expect(words(curlLine('get', '/ns/{ns}/watch', stream)).slice(0, 2)).toEqual(['-N', 'http://h/ns/public/watch']);
    const line = curlLine('get', '/ns/{ns}/socket', operation({ responses: { 101: { description: '' } } }));
    const opened = new Function('WebSocket', 'ROLLCALL', 'TOKEN', `return ${line}`);
    expect(
      opened(
        class {
          readonly asked: unknown[];
          constructor(...asked: unknown[]) {
            this.asked = asked;
          }
        },
        'http://h',
        't',
      ),
    ).toEqual({
      asked: ['http://h/ns/public/socket', ['rollcall.v1', 'token.t']],
    });
  });

  it('quotes any body for the shell', () => {
    const example = { text: `it's "$HOME" \`id\` \\ ü` };
    const line = curlLine(
      'put',
      '/x',
      operation({ requestBody: { content: { 'application/json': { schema: {}, example } } } }),
    );
    const args = words(line);
    expect(args.slice(0, 3)).toEqual(['-X', 'PUT', 'http://h/x']);
    expect(JSON.parse(args.at(-1) ?? '')).toEqual(example);
  });
});
