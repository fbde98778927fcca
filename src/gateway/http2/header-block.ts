import { decodeHuffman } from './huffman';

/** Headers by their names, in lower case. Values of one name are joined as in HTTP. Each character is a byte. */
export type Headers = Readonly<Record<string, string>>;

/** Size of the table of received headers, which is HTTP/2's default. */
const TABLE_BYTES = 4_096;
/** Bytes that an entry takes besides its texts (RFC 7541, section 4.1). */
const ENTRY_BYTES = 32;

interface Entry {
  readonly name: string;
  readonly value: string;
}

/** Entries that each table starts with (RFC 7541, appendix A). */
const STATIC: readonly Entry[] = (
  ':authority|:method GET|:method POST|:path /|:path /index.html|:scheme http|:scheme https|:status 200|' +
  ':status 204|:status 206|:status 304|:status 400|:status 404|:status 500|accept-charset|' +
  'accept-encoding gzip, deflate|accept-language|accept-ranges|accept|access-control-allow-origin|age|allow|' +
  'authorization|cache-control|content-disposition|content-encoding|content-language|content-length|' +
  'content-location|content-range|content-type|cookie|date|etag|expect|expires|from|host|if-match|' +
  'if-modified-since|if-none-match|if-range|if-unmodified-since|last-modified|link|location|max-forwards|' +
  'proxy-authenticate|proxy-authorization|range|referer|refresh|retry-after|server|set-cookie|' +
  'strict-transport-security|transfer-encoding|user-agent|vary|via|www-authenticate'
)
  .split('|')
  .map((entry) => {
    const [name = '', ...words] = entry.split(' ');
    return { name, value: words.join(' ') };
  });

/** Names that HTTP/2 allows: a token in lower case, or one of its own names. */
const NAME = /^:?[!#$%&'*+\-.^_`|~0-9a-z]+$/;
/** Names of HTTP/1 connections, which no request over HTTP/2 has. */
const FORBIDDEN = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade)$/;
const REQUEST_NAMES = /^:(?:method|scheme|path|authority)$/;

/** Result of reading a block: why it is refused, if it is, and the headers. */
export interface ReadBlock {
  readonly headers: Headers;
  /** Size of the headers as HTTP/2 counts it. What the table repeats takes as much memory as what was sent. */
  readonly bytes: number;
  readonly isTooLarge: boolean;
  /** True if HTTP/2 does not allow these headers. */
  readonly isMalformed: boolean;
}

/** Thrown if a block cannot be read, which leaves the table of the connection unusable. */
export class CompressionError extends Error {}

/** Reads blocks of headers (HPACK, RFC 7541). All blocks of a connection need to be read, in their order. */
export class HeaderBlocks {
  readonly #maxBytes: number;
  /** Received entries, the newest last. */
  readonly #table: Entry[] = [];
  #tableBytes = 0;
  #tableMaxBytes = TABLE_BYTES;
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** @param maxBytes Size of the headers of one block. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws {CompressionError} If the connection cannot be used further. */
  read(block: Buffer): ReadBlock {
    this.#bytes = block;
    this.#at = 0;
    const headers: Record<string, string> = Object.create(null);
    let bytes = 0;
    let isMalformed = false;
    let hasOrdinary = false;
    while (this.#at < block.length) {
      const entry = this.#entry(bytes === 0);
      if (entry === undefined) continue;
      const { name, value } = entry;
      bytes += name.length + value.length + ENTRY_BYTES;
      if (bytes > this.#maxBytes) continue;
      const known = headers[name];
      if (name.charCodeAt(0) === 58) isMalformed ||= hasOrdinary || known !== undefined || !REQUEST_NAMES.test(name);
      else hasOrdinary = true;
      headers[name] = known === undefined ? value : `${known}${name === 'cookie' ? '; ' : ', '}${value}`;
      isMalformed ||= name === '' || FORBIDDEN.test(name);
    }
    for (const name in headers) isMalformed ||= !NAME.test(name) || /[\0\r\n]/.test(headers[name] ?? '');
    this.#bytes = Buffer.alloc(0);
    return { headers, bytes, isTooLarge: bytes > this.#maxBytes, isMalformed };
  }

  /** Reads one entry; undefined for a change of the table's size. */
  #entry(isFirst: boolean): Entry | undefined {
    const first = this.#bytes[this.#at] ?? 0;
    if (first >= 0x80) return this.#indexed(this.#integer(7));
    if (first >= 0x40) {
      const entry = this.#literal(6);
      this.#tableBytes += entry.name.length + entry.value.length + ENTRY_BYTES;
      this.#table.push(entry);
      this.#evict();
      return entry;
    }
    if (first >= 0x20) {
      const size = this.#integer(5);
      if (size > TABLE_BYTES || !isFirst) throw new CompressionError('a table size is out of range or place');
      this.#tableMaxBytes = size;
      this.#evict();
      return undefined;
    }
    return this.#literal(4);
  }

  #literal(prefixBits: number): Entry {
    const index = this.#integer(prefixBits);
    const name = index === 0 ? this.#text() : this.#indexed(index).name;
    return { name, value: this.#text() };
  }

  #indexed(index: number): Entry {
    const entry =
      index <= STATIC.length ? STATIC[index - 1] : this.#table[this.#table.length - (index - STATIC.length)];
    if (entry === undefined) throw new CompressionError(`no entry has the index ${index}`);
    return entry;
  }

  #evict(): void {
    while (this.#tableBytes > this.#tableMaxBytes) {
      const entry = this.#table.shift();
      if (entry === undefined) break;
      this.#tableBytes -= entry.name.length + entry.value.length + ENTRY_BYTES;
    }
  }

  #integer(prefixBits: number): number {
    const mask = 2 ** prefixBits - 1;
    let value = (this.#bytes[this.#at++] ?? 0) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new CompressionError('an integer is too large or cut short');
  }

  #text(): string {
    const isCoded = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const size = this.#integer(7);
    const from = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) throw new CompressionError('a text is cut short');
    const text = isCoded ? decodeHuffman(this.#bytes, from, this.#at) : this.#bytes.toString('latin1', from, this.#at);
    if (text === undefined) throw new CompressionError("Huffman's codes are malformed");
    return text;
  }
}

/** Appends an integer with a prefix of seven bits. */
function pushLength(bytes: number[], length: number): void {
  if (length < 127) return void bytes.push(length);
  bytes.push(127);
  let rest = length - 127;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

/** Sets the size of the client's table to 0. A client that has lowered it expects that at the beginning of a block. */
const NO_TABLE = 0x20;

/**
 * Returns the block of headers, none of which the client keeps in its table. Its own table could be smaller than any, and
 * answers of calls have few headers.
 *
 * @param headers In printable ASCII.
 */
export function headerBlock(headers: readonly (readonly [name: string, value: string])[]): Buffer {
  // Trailers follow a block that has done so (RFC 7541, section 4.2).
  const bytes: number[] = headers[0]?.[0] === ':status' ? [NO_TABLE] : [];
  for (const [name, value] of headers) {
    bytes.push(0);
    for (const text of [name, value]) {
      pushLength(bytes, text.length);
      for (let at = 0; at < text.length; at++) bytes.push(text.charCodeAt(at) & 0xff);
    }
  }
  return Buffer.from(bytes);
}
