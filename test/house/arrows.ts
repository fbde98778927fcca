import { dirname, join } from 'node:path/posix';
import { importsOf } from './imports';
import { isTest, type SourceFile } from './source-tree';

/** Allowed imports of the files of one room, besides those of the room itself. */
export interface Room {
  rooms: readonly string[];
  /** Packages, by name; `name:*` matches a scheme, such as `node:*`. */
  packages: readonly string[];
  /** Folders of other rooms that it must not import, relative to `src/`. */
  closed?: readonly string[];
  /** True if none of its folders may import a sibling. */
  apart?: boolean;
  /** Files outside `src/`, relative to the project's folder, such as generated ones. */
  files?: readonly string[];
}

/**
 * Allowed imports between rooms: the table of docs/architecture.md in code. Add a new room here before writing its first
 * file.
 */
export const ARROWS: Readonly<Record<string, Room>> = {
  model: { rooms: [], packages: ['zod'] },
  core: { rooms: ['model', 'auth'], packages: ['lru-cache'] },
  host: { rooms: ['model', 'core'], packages: ['cloudflare:*', 'lru-cache', 'node:*', 'ws'] },
  auth: { rooms: ['model'], packages: ['lru-cache'] },
  http: {
    rooms: ['model', 'auth'],
    packages: ['hono', 'hono-openapi', 'lru-cache', 'zod'],
    files: ['docs/openapi.json'],
  },
  // Only types and the parser of durations; the bundle test of the client enforces this.
  client: { rooms: ['model'], packages: [] },
  gateway: {
    rooms: ['model', 'auth', 'client', 'codecs', 'protocols'],
    packages: ['@bufbuild/protobuf', 'node:*', 'ws'],
  },
  cli: {
    rooms: ['client', 'model', 'codecs', 'layouts', 'launcher', 'backup', 'gateway'],
    packages: ['node:*', '@commander-js/extra-typings', 'log-update', 'string-width'],
  },
  codecs: { rooms: ['model'], packages: ['@bufbuild/protobuf', 'fast-xml-parser', 're2js', 'zod'], apart: true },
  protocols: { rooms: ['model', 'auth', 'codecs'], packages: ['@bufbuild/protobuf'], apart: true },
  layouts: { rooms: ['model', 'codecs'], packages: [] },
  console: { rooms: ['client', 'model'], packages: ['preact', '@preact/signals', 'wouter-preact'] },
  dialects: {
    rooms: ['model', 'auth', 'http', 'codecs', 'protocols'],
    packages: ['@bufbuild/protobuf', 'lru-cache', 'zod'],
    closed: ['http/v1'],
    apart: true,
  },
  backup: { rooms: ['model', 'core', 'host', 'launcher'], packages: ['node:*'], closed: ['host/cloudflare'] },
  launcher: { rooms: [], packages: ['node:*', 'esbuild'] },
  'resident.ts': {
    rooms: ['model', 'host', 'http', 'dialects', 'layouts', 'gateway', 'launcher'],
    packages: ['node:*', '#console-files'],
    files: ['package.json'],
    closed: ['host/cloudflare'],
  },
  'worker.ts': {
    rooms: ['host', 'http', 'dialects', 'layouts'],
    packages: ['#console-files'],
    files: ['package.json'],
    closed: ['host/resident'],
  },
};

/**
 * Floors of a room, or of a folder with floors of its own, from the bottom up: a folder imports only folders of lower
 * floors. Folders on one floor, separated by blanks, do not import each other. A file beside the folders is above all of
 * them, and none of them imports it.
 */
export const FLOORS: Readonly<Record<string, readonly string[]>> = {
  core: ['storage', 'platform', 'directory namespace'],
  'core/namespace': [
    'time',
    'records',
    'entries',
    'access',
    'commit',
    'layouts',
    'leases',
    'turn',
    'commands',
    'watch',
    'queries',
    'transactions',
    'history',
    'transfer',
  ],
  host: ['cloudflare resident'],
  'host/resident': ['storage listener'],
  http: ['telemetry', 'request', 'response', 'cache watch', 'pipeline', 'transfer dialect-calls', 'docs console v1'],
  client: ['wire', 'entries', 'session watch admin', 'locks resolve'],
  console: ['words', 'state', 'parts', 'pages'],
  gateway: ['checks http2', 'sources grpc', 'etcd nacos', 'program'],
  cli: ['terminal', 'connection', 'exec sync', 'commands'],
  'dialects/nacos': ['wire', 'hosts', 'lists', 'services', 'instances', 'console operator'],
};

/** Checks rule 2 inside a room: no two folders import each other, and each imports only folders of lower floors. */
export function floorProblems(
  files: SourceFile[],
  floors: Readonly<Record<string, readonly string[]>> = FLOORS,
): string[] {
  const problems: string[] = [];
  for (const [room, levels] of Object.entries(floors)) {
    const begin = `src/${room}/`;
    const folderIn = (path: string) => /^([^/]+)\//.exec(path.slice(begin.length))?.[1];
    const levelOf = (folder: string) => levels.findIndex((names) => names.split(' ').includes(folder));
    for (const file of files) {
      if (!file.path.startsWith(begin) || isTest(file)) continue;
      const own = folderIn(file.path);
      if (own === undefined) continue;
      if (levelOf(own) < 0) problems.push(`${file.path}: "${own}" is on no floor of ${room}; see test/house/arrows.ts`);
      for (const specifier of importsOf(file)) {
        const path = join(dirname(file.path), specifier);
        if (!specifier.startsWith('.') || !path.startsWith(begin)) continue;
        const other = folderIn(path);
        if (other === own || (other !== undefined && levelOf(other) < levelOf(own))) continue;
        problems.push(`${file.path}: "${own}" is not above ${specifier}`);
      }
    }
  }
  return problems;
}

/** Returns whether a file must not import another although its room may import that room. */
function isClosed({ closed = [], apart = false }: Room, from: string, to: string): boolean {
  if (closed.some((folder) => to.startsWith(`src/${folder}/`))) return true;
  const [own, other] = [from, to].map((path) => path.split('/'));
  // A file beside the folders is above them and may import all of them.
  return apart && own !== undefined && own.length > 3 && own[1] === other?.[1] && own[2] !== other?.[2];
}

/** Returns the first folder below `src/`, or the file itself if it is in no folder. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)/.exec(path)?.[1];
}

const isAllowedPackage = (specifier: string, packages: readonly string[]): boolean =>
  packages.some((name) =>
    name.endsWith(':*')
      ? specifier.startsWith(name.slice(0, -1))
      : specifier === name || specifier.startsWith(`${name}/`),
  );

/**
 * Checks rule 2: imports follow the arrows. Tests may import anything; `.d.ts` files describe the platform, not our code.
 */
export function arrowProblems(files: SourceFile[], arrows: Readonly<Record<string, Room>> = ARROWS): string[] {
  const problems: string[] = [];
  for (const file of files) {
    const room = roomOf(file.path);
    if (room === undefined || isTest(file) || !/\.[jt]sx?$/.test(file.path) || file.path.endsWith('.d.ts')) continue;
    const allowed = Object.hasOwn(arrows, room) ? arrows[room] : undefined;
    if (allowed === undefined) {
      problems.push(`${file.path}: the room "${room}" has no arrows; draw them in test/house/arrows.ts`);
      continue;
    }
    for (const specifier of importsOf(file)) {
      const relative = specifier.startsWith('.');
      const path = join(dirname(file.path), specifier);
      const target = relative ? roomOf(path) : undefined;
      const reaches = target === room || (target !== undefined && allowed.rooms.includes(target));
      const fits = relative
        ? (reaches && !isClosed(allowed, file.path, path)) || allowed.files?.includes(path)
        : isAllowedPackage(specifier, allowed.packages);
      if (!fits) problems.push(`${file.path}: "${room}" may not import ${specifier}`);
    }
  }
  return problems;
}
