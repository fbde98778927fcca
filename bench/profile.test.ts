import { describe, expect, it } from 'vitest';
import type { ProfileNode } from './inspector';
import { sourcesOf, summarise } from './profile';

const BUNDLE = [
  '// node_modules/hono/dist/hono.js',
  'function match() {}',
  '// src/core/namespace/commit/commit.ts',
  'function commit() {}',
  '// commits what waits',
  'function flush() {}',
].join('\n');

function node(functionName: string, lineNumber: number, hitCount: number, url = 'worker.js'): ProfileNode {
  return { id: 0, callFrame: { functionName, url, lineNumber }, hitCount };
}

describe('profile', () => {
  it('sourcesOf finds the source of a line despite other comments', () => {
    const sourceOf = sourcesOf(BUNDLE);
    expect([1, 3, 5].map(sourceOf)).toEqual([
      'hono/dist/hono.js',
      'src/core/namespace/commit/commit.ts',
      'src/core/namespace/commit/commit.ts',
    ]);
  });

  it('summarise adds up the calls of a function and of a file and separates idle time', () => {
    const nodes = [
      node('commit', 3, 2),
      node('flush', 5, 1),
      node('match', 1, 5),
      node('commit', 3, 1),
      node('writev', 3, 1, 'ext:deno_node/stream_wrap.ts'),
      node('(idle)', -1, 8, ''),
      node('(garbage collector)', -1, 2, ''),
      node('unused', 3, 0),
    ];
    const { idle, functions, files } = summarise({ nodes, startTime: 0, endTime: 1 }, 'worker.js', sourcesOf(BUNDLE));
    expect(idle).toBeCloseTo(8 / 20);
    expect(files.map(({ name, share }) => [name, share])).toEqual([
      ['hono/dist/hono.js', 5 / 12],
      ['src/core/namespace/commit/commit.ts', 4 / 12],
      ['(garbage collector)', 2 / 12],
      ['ext:deno_node/stream_wrap.ts', 1 / 12],
    ]);
    expect(functions[1]).toEqual({ name: 'commit  src/core/namespace/commit/commit.ts', share: 3 / 12 });
  });
});
