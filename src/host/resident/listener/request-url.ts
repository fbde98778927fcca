import type { IncomingMessage } from 'node:http';

/** Matches a host name, an IPv4 or a bracketed IPv6 address, with an optional port. Source: RFC 3986, section 3.2.2. */
const HOST = /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/;

/** Matches a target that `URL` leaves unchanged, except for dot segments. */
const PLAIN_TARGET = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]]*$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** Matches a target in absolute form. Source: RFC 9112, section 3.2.2. */
const ABSOLUTE = /^https?:\/\/([^/?#\\]*)(.*)$/is;

/** The reason why a request has no valid URL, in words for the client. */
export class BadTarget {
  readonly detail: string;

  constructor(detail: string) {
    this.detail = detail;
  }
}

/** Returns the `Host` header of a request; undefined if there is none. */
function hostOf({ rawHeaders }: IncomingMessage): string | undefined | BadTarget {
  let host: string | undefined;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name === undefined || name.length !== 4 || name.toLowerCase() !== 'host') continue;
    if (host !== undefined) return new BadTarget('the request has more than one Host header; send one');
    host = rawHeaders[index + 1];
  }
  return host;
}

/** Builds the URLs of requests from their target and `Host` header. */
export class RequestUrls {
  readonly #scheme: 'http' | 'https';
  readonly #ownHost: string;
  /** Caches the origin of the last host, since nearly all clients use the same one. */
  #lastHost: string | undefined;
  #lastOrigin = '';

  /** @param ownHost Host to assume for an HTTP/1.0 request without a `Host` header. */
  constructor(scheme: 'http' | 'https', ownHost: string) {
    this.#scheme = scheme;
    this.#ownHost = ownHost;
  }

  /** Returns the URL of a request, normalized as by `new Request`, or the reason why it has none. */
  of(message: IncomingMessage): string | BadTarget {
    const target = message.url ?? '';
    const host = hostOf(message);
    if (host instanceof BadTarget) return host;
    if (host === undefined && message.httpVersion !== '1.0') return new BadTarget('the request has no Host header');
    if (target.startsWith('/')) return this.#joined(host ?? this.#ownHost, target);
    const absolute = ABSOLUTE.exec(target);
    if (absolute !== null) {
      // The host in an absolute target overrides the header, which must still be valid.
      const checked = host === undefined ? '' : this.#joined(host, '/');
      if (checked instanceof BadTarget) return checked;
      const [, authority = '', rest = ''] = absolute;
      return this.#joined(authority, rest.startsWith('/') ? rest : `/${rest}`);
    }
    return new BadTarget('the request target must begin with "/", or be an absolute http URL');
  }

  #joined(host: string, target: string): string | BadTarget {
    if (host !== this.#lastHost) {
      const origin = `${this.#scheme}://${host}`;
      if (!HOST.test(host) || !URL.canParse(origin)) {
        return new BadTarget('the host of the request is not a valid host name or address with an optional port');
      }
      this.#lastHost = host;
      // Normalized by `URL`: in lower case, without the default port of the scheme.
      this.#lastOrigin = new URL(origin).origin;
    }
    const url = this.#lastOrigin + target;
    if (PLAIN_TARGET.test(target) && !DOT_SEGMENT.test(target)) return url;
    return URL.canParse(url) ? new URL(url).href : new BadTarget('the request target is not a valid URL');
  }
}
