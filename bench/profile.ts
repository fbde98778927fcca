import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { BenchServer } from './bench-server';
import { type Contest, RegistrySide } from './contest';
import type { Bench } from './figure';
import { LARGEST_BATCHING, RegisteringSide } from './figures/socket-rates';
import type { CpuProfile } from './inspector';
import type { BenchProgram } from './program';

const SAMPLING_INTERVAL_US = 200;
const LINES = 45;

/** Share of the time in which a function or a file was on top of the stack. */
export interface SelfTime {
  name: string;
  share: number;
}

/**
 * Returns a function from a line of a bundle, counted from 0, to the path of its source. esbuild writes the path of each
 * source in a comment before its text.
 */
export function sourcesOf(bundle: string): (line: number) => string {
  let source = '';
  const sources = bundle.split('\n').map((line) => {
    const path = /^\/\/ (\S+\.(?:[cm]?js|ts))$/.exec(line)?.[1];
    if (path !== undefined) source = path.replace(/^.*node_modules\//, '');
    return source;
  });
  return (line) => sources[line] ?? '';
}

function ranked(hits: ReadonlyMap<string, number>, total: number): SelfTime[] {
  return [...hits].map(([name, count]) => ({ name, share: count / total })).sort((a, b) => b.share - a.share);
}

/** Returns the location of a function in a profile: a source of the bundle, a file of the runtime, or none. */
function fileOf(
  { functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame'],
  bundle: string,
  sourceOf: (line: number) => string,
): string {
  if (url === '') return functionName || '(runtime)';
  return url.endsWith(bundle) ? sourceOf(lineNumber) : url;
}

/**
 * Sums the self times of a profile by function and by file. Idle time is not part of the total, and is reported separately.
 *
 * @param bundle Name of the bundle's file, with which the URLs in the profile end.
 */
export function summarise(profile: CpuProfile, bundle: string, sourceOf: (line: number) => string) {
  const functions = new Map<string, number>();
  const files = new Map<string, number>();
  let idle = 0;
  let total = 0;
  for (const { callFrame, hitCount } of profile.nodes) {
    if (hitCount === 0) continue;
    const { functionName, url } = callFrame;
    if (functionName === '(idle)') {
      idle += hitCount;
      continue;
    }
    total += hitCount;
    const file = fileOf(callFrame, bundle, sourceOf);
    const name = url === '' ? functionName || '(runtime)' : `${functionName || '(anonymous)'}  ${file}`;
    functions.set(name, (functions.get(name) ?? 0) + hitCount);
    files.set(file, (files.get(file) ?? 0) + hitCount);
  }
  return { idle: idle / (idle + total), functions: ranked(functions, total), files: ranked(files, total) };
}

function table(title: string, rows: readonly SelfTime[]): string {
  const lines = rows.slice(0, LINES).map(({ name, share }) => `${(share * 100).toFixed(1).padStart(6)} %  ${name}`);
  return [title, ...lines].join('\n');
}

/** Name of the profile that is not a contest: registering over one socket, in the largest batches. */
export const SOCKET_PROFILE = 'socket-register';

/**
 * Runs some work on a server under V8's profiler. Returns the rate and tables of the self times.
 *
 * @param program The program of the server, which was started with an inspector.
 */
export async function profileWork(
  program: BenchProgram,
  server: BenchServer,
  work: () => Promise<number>,
): Promise<{ rate: number; text: string }> {
  const inspector = await server.inspect();
  await inspector.startProfile(SAMPLING_INTERVAL_US);
  const rate = await work();
  const taken = await inspector.stopProfile();
  inspector.close();
  const { modulePath, home } = program;
  const sources = sourcesOf(readFileSync(modulePath, 'utf8'));
  // workerd uses the module's name from its configuration.
  const { idle, functions, files } = summarise(taken, home === 'workerd' ? '' : basename(modulePath), sources);
  const tables = [table('Self time by file', files), table('Self time by function', functions)];
  return { rate, text: [`under the profiler; idle ${(idle * 100).toFixed(1)} %`, ...tables].join('\n\n') };
}

/** Runs a contest's load on the registry under V8's profiler, and returns the report. */
export async function profile(bench: Bench, contest: Contest): Promise<string> {
  const registry = await RegistrySide.start(bench, contest, { inspector: true });
  const { rate, text } = await profileWork(
    bench.programs.registry,
    registry.side.server,
    async () => (await registry.side.run()).perSecond,
  );
  await registry.finish();
  return `${contest.title}: ${rate.toFixed(0)} ${contest.counts?.unit ?? 'requests/s'} ${text}`;
}

/** Profiles registering over one socket, and returns the report. */
export async function profileSocket(bench: Bench): Promise<string> {
  const side = await RegisteringSide.start(bench, bench.programs.registry, true);
  await side.run(LARGEST_BATCHING);
  await side.clear(LARGEST_BATCHING);
  const { rate, text } = await profileWork(bench.programs.registry, side.server, () => side.run(LARGEST_BATCHING));
  await side.stop();
  return `Register over one socket, ${LARGEST_BATCHING.size} a frame: ${rate.toFixed(0)} instances/s ${text}`;
}
