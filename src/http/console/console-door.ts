import * as z from 'zod';
import { quote, RegistryError } from '../../model/errors';
import { openDoor } from '../pipeline/route';
import type { Surface } from '../pipeline/surface';
import { rawPath } from '../request/request-target';
import { COMMON_HEADERS } from '../response/answers';
import { PAGE_HEADERS } from '../response/page-headers';

/** The built console: its files by name. `index.html` is the page; other names contain a digest of the content. */
export type ConsoleFiles = Readonly<
  Record<
    string,
    {
      /** Media type. */
      readonly type: string;
      /** Digest of the content, without quotes. */
      readonly etag: string;
      /** Content, compressed with gzip, in base64. */
      readonly gzip: string;
    }
  >
>;

const PAGE = 'index.html';

/** The page runs its own scripts, calls its own registry, and loads nothing else; nothing is inline. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/** The page is revalidated at each visit, so that a new version is used at once. */
const PAGE_ONLY = { 'Cache-Control': 'no-cache', 'Content-Security-Policy': POLICY };

/** The name of a file changes with its content. */
const FILE_ONLY = { 'Cache-Control': 'public, max-age=31536000, immutable' };

const FileName = z.object({
  name: z.string().meta({ description: 'Name of the file, as in the page', example: 'main-ABCDEFGH.js' }),
});

/**
 * Adds the open routes of the console: its page at every path below `/console`, and the files that the page loads.
 *
 * The page is the same for everyone and shows nothing until its user signs in.
 *
 * @param files Undefined: this build has no console, and the routes answer 404.
 */
export function addConsoleDoors(surface: Surface, files: ConsoleFiles | undefined): void {
  const contents = new Contents(files);
  openDoor(surface, {
    operation: 'readConsoleFile',
    method: 'get',
    path: '/console/files/:name',
    // The pages of a namespace "files" are below this path too; their names have no dot.
    pattern: '/console/files/:name{[^/]*\\.[^/]*}',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Read a script, style sheet or image of the console',
    input: { path: FileName },
    answers: { 200: { description: 'The file', contentType: '*/*' } },
    answer: (request) => {
      const path = rawPath(request);
      const name = path.slice(path.lastIndexOf('/') + 1);
      // The page would be kept for a year here, and without its policy.
      if (name === PAGE) throw noFile(name);
      return contents.answer(request, name, FILE_ONLY);
    },
  });

  openDoor(surface, {
    operation: 'showConsole',
    method: 'get',
    path: '/console',
    pattern: '/console/*',
    scope: 'open',
    chapter: 'Registry',
    summary: 'Show the console',
    description:
      'A page for people. It is the same at every path below `/console`, and shows nothing before a sign-in.',
    input: {},
    answers: { 200: { description: 'An HTML page', contentType: 'text/html' } },
    answer: (request) => contents.answer(request, PAGE, PAGE_ONLY),
  });
}

/** The files of the console, decoded on first use. */
class Contents {
  readonly #files: ConsoleFiles | undefined;
  readonly #decoded = new Map<string, Uint8Array<ArrayBuffer>>();

  constructor(files: ConsoleFiles | undefined) {
    this.#files = files;
  }

  /**
   * Answers with a file, compressed if the client accepts it, or with 304 if the client has it.
   *
   * @throws {RegistryError} `ROUTE_NOT_FOUND`.
   */
  async answer({ headers: asked }: Request, name: string, own: Record<string, string>): Promise<Response> {
    const file = this.#find(name);
    // Weak: the compressed and the plain form are different bytes with one tag.
    const etag = `W/"${file.etag}"`;
    const headers: Record<string, string> = {
      ...COMMON_HEADERS,
      ...PAGE_HEADERS,
      ...own,
      ETag: etag,
      Vary: 'Accept-Encoding',
    };
    if (matches(asked.get('if-none-match'), etag)) return new Response(null, { status: 304, headers });
    headers['Content-Type'] = file.type;
    const gzip = this.#gzipOf(name, file.gzip);
    if (!acceptsGzip(asked.get('accept-encoding'))) return new Response(await decompressed(gzip), { headers });
    headers['Content-Encoding'] = 'gzip';
    // Workers would compress the body again otherwise; other platforms ignore the member.
    const init: ResponseInit & { encodeBody: 'manual' } = { headers, encodeBody: 'manual' };
    return new Response(gzip, init);
  }

  #find(name: string): ConsoleFiles[string] {
    if (this.#files === undefined) {
      throw new RegistryError('ROUTE_NOT_FOUND', 'this build of the registry has no console; /docs lists all routes');
    }
    const file = Object.hasOwn(this.#files, name) ? this.#files[name] : undefined;
    if (file !== undefined) return file;
    throw noFile(name);
  }

  #gzipOf(name: string, base64: string): Uint8Array<ArrayBuffer> {
    const known = this.#decoded.get(name);
    if (known !== undefined) return known;
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    this.#decoded.set(name, bytes);
    return bytes;
  }
}

function noFile(name: string): RegistryError {
  return new RegistryError(
    'ROUTE_NOT_FOUND',
    `the console has no file ${quote(name)}; if the registry was updated, reload the page`,
  );
}

async function decompressed(gzip: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer> {
  const plain = new Blob([gzip]).stream().pipeThrough(new DecompressionStream('gzip'));
  // As a whole, so that the response has a length.
  return new Response(plain).arrayBuffer();
}

/** Compares the tags of `If-None-Match` with that of a file, weakly: a proxy may have weakened or strengthened them. */
function matches(header: string | null, etag: string): boolean {
  if (header === null) return false;
  const opaque = (tag: string): string => tag.trim().replace(/^W\//, '');
  return header.trim() === '*' || header.split(',').some((tag) => opaque(tag) === opaque(etag));
}

/**
 * Reports whether a client accepts gzip. One without the header would have to accept anything (RFC 9110, section 12.5.3),
 * but those that send none, such as curl, can't decompress.
 */
function acceptsGzip(header: string | null): boolean {
  const weights = new Map<string, number>();
  for (const part of (header ?? '').toLowerCase().split(',')) {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim());
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, '');
    weights.set(coding, weight === undefined ? 1 : Number(weight));
  }
  const weight = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return weight > 0;
}
