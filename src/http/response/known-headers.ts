import { KNOWN_HEADERS_MAX_COUNT } from '../../model/limits';
import { COMMON_HEADERS } from './common-headers';

/** The headers of recent answers of one kind, by what they tell. */
export class KnownHeaders {
  readonly #etag: boolean;
  readonly #known = new Map<string, Headers>();

  constructor(etag: boolean) {
    this.#etag = etag;
  }

  /**
   * Headers for a position. Cursors repeat for as long as nothing changes, and turning five names and values into
   * headers takes as long as everything else that an answer takes; a Response copies what it is given.
   */
  of(cursor: string, ageSeconds?: number): Headers {
    const key = ageSeconds === undefined ? cursor : `${cursor} ${ageSeconds}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const headers = new Headers({ ...COMMON_HEADERS, 'Content-Type': 'application/json', 'Rollcall-Cursor': cursor });
    if (this.#etag) headers.set('ETag', `"${cursor}"`);
    if (ageSeconds !== undefined) headers.set('Age', String(ageSeconds));
    if (this.#known.size >= KNOWN_HEADERS_MAX_COUNT) this.#known.clear();
    this.#known.set(key, headers);
    return headers;
  }
}
