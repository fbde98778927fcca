import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

/** A test runs in Node, unless its name says that it needs workerd. `*.proof.test.ts` belongs to `npm run test:ci`. */
export default defineConfig({
  test: {
    // Vitest would leave one core free for watching, and so half of a machine with two: half of the time goes in waits.
    maxWorkers: '100%',
    projects: [
      {
        test: {
          name: 'node',
          include: ['src/**/*.test.ts', 'test/**/*.test.ts', 'examples/**/*.test.ts', 'bench/**/*.test.ts'],
          exclude: ['**/*.workerd.test.ts', '**/*.proof.test.ts', '**/node_modules/**', 'test/clients/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            remoteBindings: false,
            miniflare: { bindings: { ROLLCALL_ROOT_TOKEN: 'test-root-token-0123456789abcdefghijklmnop' } },
          }),
        ],
        test: {
          name: 'workerd',
          include: ['src/**/*.workerd.test.ts', 'test/**/*.workerd.test.ts'],
          exclude: ['**/node_modules/**'],
        },
      },
    ],
  },
});
