import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BuildOptions, Metafile, OutputFile } from 'esbuild';

/** Where the registry serves the files of the console, except the page itself. */
const FILES_PATH = '/console/files';

/** Name of the page. */
const PAGE = 'index.html';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/** A built file of the console, as `#console-files` exports it. */
interface ConsoleFile {
  type: string;
  /** Digest of the content, without quotes. */
  etag: string;
  /** Content, compressed with gzip, in base64. */
  gzip: string;
}

/** The built console. */
export interface ConsoleBundle {
  /** By name; names other than that of the page contain a digest of the content. */
  files: ReadonlyMap<string, ConsoleFile>;
  /** Folders of the packages in the bundle, such as `node_modules/preact`. */
  packages: readonly string[];
}

/** The part of esbuild that is used here. The caller imports it, as an installed package has none. */
export interface Bundler {
  buildSync(options: BuildOptions & { write: false; metafile: true }): {
    outputFiles: OutputFile[];
    metafile: Metafile;
  };
}

const OPTIONS = {
  bundle: true,
  splitting: true,
  minify: true,
  write: false,
  metafile: true,
  format: 'esm',
  platform: 'browser',
  target: 'es2022',
  // Two bytes for a Chinese letter, not six.
  charset: 'utf8',
  legalComments: 'none',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  loader: { '.svg': 'file' },
  entryNames: '[name]-[hash]',
  chunkNames: '[name]-[hash]',
  assetNames: '[name]-[hash]',
  publicPath: FILES_PATH,
  // Names the outputs in the metafile; nothing is written there.
  outdir: 'files',
  logLevel: 'warning',
} as const satisfies BuildOptions;

/**
 * Bundles the console: its page, and below it scripts, one style sheet and the icon.
 *
 * The page loads nothing else and has nothing inline, which its content security policy forbids.
 *
 * @param root Folder of the checkout.
 * @throws {Error} if the sources can't be bundled, or the page lacks a placeholder.
 */
export function bundleConsole(bundler: Bundler, root: string): ConsoleBundle {
  const folder = join(root, 'src/console');
  const entry = 'src/console/main.tsx';
  const { outputFiles, metafile } = bundler.buildSync({ ...OPTIONS, entryPoints: [entry], absWorkingDir: root });
  const contents = new Map<string, Uint8Array>();
  for (const { path, contents: content } of outputFiles) contents.set(nameOf(path), content);

  const icon = readFileSync(join(folder, 'icon.svg'));
  const iconName = `icon-${digest(icon).slice(0, 8).toUpperCase()}.svg`;
  contents.set(iconName, icon);

  const [script, main] =
    Object.entries(metafile.outputs).find(([, { entryPoint }]) => entryPoint === entry) ??
    missing(`output of ${entry}`);
  const style = main.cssBundle ?? missing(`style sheet: import './console.css' in ${entry}`);
  const preloads = staticImports(metafile, script).map(
    (path) => `<link rel="modulepreload" href="${FILES_PATH}/${nameOf(path)}">`,
  );
  const page = filled(readFileSync(join(folder, PAGE), 'utf8'), {
    icon: `${FILES_PATH}/${iconName}`,
    style: `${FILES_PATH}/${nameOf(style)}`,
    script: `${FILES_PATH}/${nameOf(script)}`,
    preloads: preloads.join('\n'),
  });
  contents.set(PAGE, Buffer.from(page));
  const built = [...contents].map(([name, content]) => [name, consoleFile(name, content)] as const);
  return { files: new Map(built.sort(([one], [other]) => (one < other ? -1 : 1))), packages: packagesOf(metafile) };
}

/** Returns the text of the module `#console-files`. Its comments name the packages, for the list of licenses. */
export function consoleModule({ files, packages }: ConsoleBundle): string {
  const names = packages.map((folder) => `// ${folder}/\n`).join('');
  return `${names}export default ${JSON.stringify(Object.fromEntries(files), null, 1)};\n`;
}

function missing(thing: string): never {
  throw new Error(`the console has no ${thing}`);
}

function nameOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

function digest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 32);
}

function consoleFile(name: string, content: Uint8Array): ConsoleFile {
  const type = TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? missing(`media type for ${name}`);
  return { type, etag: digest(content), gzip: gzipSync(content, { level: 9 }).toString('base64') };
}

/** Returns the chunks that a script imports before it runs, directly or through others. */
function staticImports({ outputs }: Metafile, script: string): string[] {
  const found = new Set<string>();
  const visit = (path: string): void => {
    for (const { path: target, kind, external } of outputs[path]?.imports ?? []) {
      if (kind !== 'import-statement' || external || found.has(target)) continue;
      found.add(target);
      visit(target);
    }
  };
  visit(script);
  return [...found];
}

/** Returns the folders of the packages that a bundle has code of. */
function packagesOf({ inputs }: Metafile): string[] {
  const folders = Object.keys(inputs).flatMap(
    (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? [],
  );
  return [...new Set(folders)].sort();
}

/** Replaces each placeholder `{{name}}` of the page. */
function filled(page: string, values: Record<string, string>): string {
  let text = page;
  for (const [name, value] of Object.entries(values)) {
    const placeholder = `{{${name}}}`;
    if (!text.includes(placeholder)) missing(`${placeholder} in src/console/${PAGE}`);
    text = text.replaceAll(placeholder, () => value);
  }
  return text;
}
