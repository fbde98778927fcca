import type { IncomingMessage } from 'node:http';

/** A host name, an IPv4 address or an IPv6 address in brackets, with a port or none. Source: RFC 3986, section 3.2.2. */
const HOST = /^(?:[A-Za-z0-9._~-]{1,255}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{0,5})?$/;

/** A target that URL would leave as it is: no dots to resolve, nothing to escape. */
const PLAIN_TARGET = /^\/[A-Za-z0-9\-._~!$&'()*+,;=:@/?%[\]]*$/;
const DOT_SEGMENT = /\/(?:\.|%2e){1,2}(?:[/?]|$)/i;

/** Begins a target that names its host itself. Source: RFC 9112, section 3.2.2. */
const ABSOLUTE = /^https?:\/\/([^/?#\\]*)(.*)$/is;

/** Why a request has no URL, for its sender. */
export class BadTarget {
  readonly detail: string;

  constructor(detail: string) {
    this.detail = detail;
  }
}

/** The one `Host` of a request; undefined where there is none. */
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

/** Makes the URL of a request from its target and its `Host`. */
export class RequestUrls {
  readonly #scheme: 'http' | 'https';
  readonly #ownHost: string;
  /** Nearly all clients name the same host, so the last one's beginning is kept. */
  #lastHost: string | undefined;
  #lastOrigin = '';

  /** @param ownHost Stands for the host where a client of HTTP/1.0 names none. */
  constructor(scheme: 'http' | 'https', ownHost: string) {
    this.#scheme = scheme;
    this.#ownHost = ownHost;
  }

  /** Returns the URL of a request as `new Request` would have it, or why it has none. */
  of(message: IncomingMessage): string | BadTarget {
    const target = message.url ?? '';
    const host = hostOf(message);
    if (host instanceof BadTarget) return host;
    if (host === undefined && message.httpVersion !== '1.0') return new BadTarget('the request has no Host header');
    if (target.startsWith('/')) return this.#joined(host ?? this.#ownHost, target);
    const absolute = ABSOLUTE.exec(target);
    if (absolute !== null) {
      // The host of an absolute target goes before the header, which must be a host all the same.
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
        return new BadTarget('the host of the request is no host name or address, with a port or without one');
      }
      this.#lastHost = host;
      // As URL writes it: in lower case, without the scheme's own port.
      this.#lastOrigin = new URL(origin).origin;
    }
    const url = this.#lastOrigin + target;
    if (PLAIN_TARGET.test(target) && !DOT_SEGMENT.test(target)) return url;
    return URL.canParse(url) ? new URL(url).href : new BadTarget('the request target is no URL');
  }
}
