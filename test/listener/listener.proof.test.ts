import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { PROJECT_ROOT } from '../house/source-tree';
import { testAuthority } from '../programs/certificates';
import { Program } from '../programs/program';
import { temporaryFolderOfFile } from '../programs/temporary-folder';
import { deadlineSuite } from './deadline-suite';
import { exchangeSuite } from './exchange-suite';
import { socketSuite } from './socket-suite';
import { type StartStage, stageOf } from './stage';
import { StageProcess } from './stage-process';
import { bodyOf, statusesOf, Wire } from './wire';

/** Tests the listener in separate processes: on Deno with minimal permissions, and on Node.js. */

const folder = temporaryFolderOfFile();
const authority = testAuthority(folder);
const files = authority.issue('listener', 'DNS:localhost,IP:127.0.0.1');
const ca = readFileSync(authority.ca, 'utf8');
const program = join(folder, 'stage-server.mjs');

const deno = join(PROJECT_ROOT, 'node_modules/@deno/linux-x64-glibc/deno');
const RUNTIMES: Record<string, string[]> = {
  Deno: [
    deno,
    'run',
    '--no-config',
    '--no-prompt',
    '--allow-net=127.0.0.1',
    `--allow-read=${folder}`,
    '--allow-env=WS_NO_BUFFER_UTIL,WS_NO_UTF_8_VALIDATE',
  ],
  'Node.js': [process.execPath],
};

beforeAll(async () => {
  expect(existsSync(deno)).toBe(true);
  await build({
    entryPoints: [join(PROJECT_ROOT, 'test/listener/stage-server.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Optional packages of ws, which are not installed.
    external: ['bufferutil', 'utf-8-validate'],
    // Bundled CommonJS modules need `require`.
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
  });
});

const descriptorsOf = (pid: number): number => readdirSync(`/proc/${pid}/fd`).length;

describe.each(Object.entries(RUNTIMES))('on %s', (_, [command = '', ...words]) => {
  let stages: StageProcess;
  beforeAll(() => {
    stages = new StageProcess(command, [...words, program]);
  });
  afterAll(() => stages.end());
  const start: StartStage = (options) => stages.start(options);

  exchangeSuite(start);
  deadlineSuite(start);
  socketSuite(start);

  it('accepts connections again after it ran out of descriptors', async () => {
    const options = JSON.stringify({ deadlines: { acceptCheckMs: 200 } });
    const limited = ['-c', 'ulimit -n 100 && exec "$0" "$@"', command, ...words, program, options];
    const stage = new Program('bash', limited);
    const port = Number(await stage.prints(/\{"port":(\d+)\}/));
    const held = new Wire(port, { pieces: ['GET /wait HTTP/1.1\r\nHost: x\r\n\r\n'] });
    const others = Array.from({ length: 150 }, () => new Wire(port));
    for (const made of [held, ...others]) onTestFinished(() => made.leave());
    await Promise.all(others.map(({ socket }) => new Promise((resolve) => socket.once('connect', resolve))));
    await expect.poll(() => others.some(({ isClosed }) => isClosed) || descriptorsOf(stage.pid) > 90).toBe(true);
    for (const made of others) made.leave();
    const answer = () => fetch(`http://127.0.0.1:${port}/hello`, { signal: AbortSignal.timeout(2_000) });
    await expect.poll(() => answer().then(({ status }) => status, String)).toBe(200);
    expect(held.isClosed).toBe(false);
  });

  describe('over TLS', () => {
    const deadlines = { headersMs: 500, handshakeMs: 500, idleMs: 500, unreadOutputMs: 500, checkMs: 50 };
    const wire = (port: number, ...pieces: string[]): Wire => {
      const made = new Wire(port, { ca, pieces });
      onTestFinished(() => made.leave());
      return made;
    };

    it('answers requests, with an https URL', async () => {
      const port = await stageOf(start, files);
      const text = await wire(
        port,
        `GET /request HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`,
      ).closed();
      expect(JSON.parse(bodyOf(text))).toMatchObject({ raw: `https://localhost:${port}/request` });
      const large = await new Promise((resolve, reject) => {
        const asked = request({ port, host: '127.0.0.1', ca, path: '/large?bytes=20000000' }, async (response) => {
          let bytes = 0;
          for await (const piece of response) bytes += piece.length;
          resolve(bytes);
        });
        asked.on('error', reject).end();
      });
      expect(large).toBe(20_000_000);
    });

    it('opens sockets', async () => {
      const port = await stageOf(start, files);
      const socket = new WebSocket(`wss://127.0.0.1:${port}/socket`, { ca });
      onTestFinished(() => socket.terminate());
      await new Promise((resolve) => socket.once('open', resolve));
      socket.send('hello');
      expect(String(await new Promise((resolve) => socket.once('message', resolve)))).toBe('got hello');
    });

    it('closes connections that do not finish their handshake, send half a request, or are idle', async () => {
      const port = await stageOf(start, { ...files, deadlines });
      const silent = new Wire(port);
      const plain = new Wire(port, { pieces: ['GET /hello HTTP/1.1\r\nHost: x\r\n\r\n'] });
      const half = wire(port, 'GET /hello HTTP/1.1\r\n');
      const idle = wire(port, 'GET /hello HTTP/1.1\r\nHost: x\r\n\r\n');
      for (const made of [silent, plain, half, idle]) onTestFinished(() => made.leave());
      await Promise.all([silent.closed(), plain.closed(), half.closed(), idle.closed()]);
      expect(statusesOf(idle.text)).toEqual([200]);
    });

    it('cuts off clients that do not read', async () => {
      const port = await stageOf(start, { ...files, deadlines });
      const readers = ['/flood', '/large?bytes=30000000'].map((path) => {
        const made = wire(port, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
        made.socket.once('secureConnect', () => made.socket.pause());
        return made;
      });
      await expect
        .poll(async () => {
          const seen = await wire(port, 'GET /seen HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n').closed();
          return JSON.parse(bodyOf(seen));
        })
        .toMatchObject({ events: ['/flood failed'], connections: 1 });
      for (const { socket } of readers) socket.resume();
      for (const made of readers) expect((await made.closed()).length).toBeLessThan(30_000_000);
    });
  });
});
