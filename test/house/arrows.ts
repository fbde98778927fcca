import { dirname, join } from 'node:path/posix';
import { importsOf } from './imports';
import { isTest, type SourceFile } from './source-tree';

/** What the files of one room may import, beside each other. */
interface Room {
  rooms: readonly string[];
  /** Packages, by name; `name:*` stands for a scheme, such as `node:*`. */
  packages: readonly string[];
  /** Its folders that files of another of its folders import. */
  folders?: readonly string[];
  /** Folders of other rooms that it may not import, from `src/`. */
  closed?: readonly string[];
  /** True: each of its folders stands for itself, and imports no sibling. */
  apart?: boolean;
  /** Files outside `src/`, from the project's folder: what is made from the code, or stands above it. */
  files?: readonly string[];
}

/**
 * The arrows of the house: STYLE's table, and the only place where it is written down for machines. Biome shows the
 * same arrows in the editor; the house test fails when its configuration says something else. A new room is drawn here
 * before its first file is written.
 */
const ARROWS: Readonly<Record<string, Room>> = {
  model: { rooms: [], packages: ['zod'] },
  registry: { rooms: ['model', 'auth'], packages: [], folders: ['commands'] },
  host: { rooms: ['model', 'registry'], packages: ['cloudflare:*', 'node:*'] },
  auth: { rooms: ['model'], packages: [] },
  http: {
    rooms: ['model', 'auth'],
    packages: ['hono', 'hono-openapi', 'zod'],
    folders: ['watch', 'transfer'],
    files: ['docs/openapi.json'],
  },
  client: { rooms: ['model'], packages: [] },
  cli: {
    rooms: ['client', 'model', 'launcher', 'backup'],
    packages: ['node:*', '@commander-js/extra-typings'],
    folders: ['sync'],
  },
  dialects: {
    rooms: ['model', 'auth', 'http'],
    packages: ['zod', 'fast-xml-parser'],
    closed: ['http/v1'],
    apart: true,
  },
  backup: { rooms: ['model', 'registry', 'host', 'launcher'], packages: ['node:*', 'zod'] },
  launcher: { rooms: [], packages: ['node:*', 'esbuild', 'workerd'] },
  'worker.ts': {
    rooms: ['host', 'http', 'dialects', 'auth', 'model'],
    packages: ['cloudflare:*'],
    files: ['package.json'],
  },
};

/** Whether a file may not import another although its room may import that room. */
function isClosed({ closed = [], apart = false }: Room, from: string, to: string): boolean {
  if (closed.some((folder) => to.startsWith(`src/${folder}/`))) return true;
  const [own, other] = [from, to].map((path) => path.split('/'));
  return apart && own?.[1] === other?.[1] && own?.[2] !== other?.[2];
}

/** The first folder below `src/`, or the file itself where it lies in no folder. */
function roomOf(path: string): string | undefined {
  return /^src\/([^/]+)/.exec(path)?.[1];
}

const isAllowedPackage = (specifier: string, packages: readonly string[]): boolean =>
  packages.some((name) =>
    name.endsWith(':*')
      ? specifier.startsWith(name.slice(0, -1))
      : specifier === name || specifier.startsWith(`${name}/`),
  );

/** Rule 2: imports follow the arrows. Tests may look anywhere; `.d.ts` files describe the platform, not our code. */
export function arrowProblems(files: SourceFile[], arrows: Readonly<Record<string, Room>> = ARROWS): string[] {
  const problems: string[] = [];
  for (const file of files) {
    const room = roomOf(file.path);
    if (room === undefined || isTest(file) || !/\.[jt]s$/.test(file.path) || file.path.endsWith('.d.ts')) continue;
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

/** The same arrows as overrides of Biome's configuration, so that the editor shows a wrong import as it is typed. */
export function biomeOverrides(arrows: Readonly<Record<string, Room>> = ARROWS): unknown[] {
  return Object.entries(arrows)
    .filter(([room]) => !room.endsWith('.ts'))
    .map(([room, { rooms, packages, folders = [], files = [], closed = [] }]) => ({
      includes: [`src/${room}/**`, '!**/*.test.ts', '!**/*.d.ts'],
      linter: {
        rules: {
          style: {
            noRestrictedImports: {
              level: 'error',
              options: {
                patterns: [
                  {
                    group: [
                      '**',
                      '!./**',
                      // A file one folder up, for the folders of a room; what lies there beside rooms, the test tells.
                      '!../*',
                      `!../${room}/**`,
                      ...folders.map((folder) => `!../${folder}/**`),
                      ...rooms.flatMap((other) => [`!../${other}/**`, `!../../${other}/**`]),
                      ...packages.flatMap((name) => [`!${name}`, `!${name}/**`]),
                      ...files.map((name) => `!**/${name}`),
                      ...closed.map((folder) => `**/${folder}/**`),
                    ],
                    message: `${room} may import ${[...rooms, ...packages].join(', ') || 'nothing'}; see test/house/arrows.ts.`,
                  },
                ],
              },
            },
          },
        },
      },
    }));
}
