import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildSync } from 'esbuild';
import { expect } from 'vitest';
import { grpcSuite } from '../../../test/gateway/grpc-suite';

const ROOT = join(import.meta.dirname, '../../..');
const DENO = join(ROOT, 'node_modules/@deno/linux-x64-glibc/deno');

/** Runs the suite of the server in Deno, with clients in Node. */
grpcSuite(async () => {
  expect(existsSync(DENO)).toBe(true);
  const entryPoints = [join(ROOT, 'test/gateway/grpc-stage-process.ts')];
  const { outputFiles } = buildSync({ entryPoints, write: false, bundle: true, platform: 'node', format: 'esm' });
  const program = spawn(DENO, ['run', '-A', '--no-lock', '--ext=js', '-'], {
    cwd: ROOT,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  program.stdin.end(outputFiles[0]?.contents);
  const port = await new Promise<number>((resolve) => {
    program.stdout.once('data', (line: Buffer) => resolve(Number(/port (\d+)/.exec(line.toString())?.[1])));
  });
  const stop = async () => {
    // It has survived all that the suite did to it.
    expect(program.exitCode).toBeNull();
    program.kill();
    await once(program, 'exit');
  };
  return { port, stop };
});
