import { splitLogin } from '../../../auth/carriers';
import { nacosError } from '../../../codecs/nacos/refusals';
import { queryText } from '../../../http/request/request-target';

/**
 * Parameters of a request. Nacos' clients send them in the query, in a form, or in both. The query takes precedence, and
 * of several values the first is used, as in a servlet.
 *
 * Each one is decoded on demand, because beats are frequent and have many.
 */
export class Parameters {
  /** Values by name, still encoded. */
  readonly #sent = new Map<string, string>();

  /** Namespace of the access token; undefined if it names none, or there is none. */
  readonly namespaceOfToken: string | undefined;

  private constructor(text: string, accessToken: string | null) {
    for (const pair of text.split('&')) {
      const equals = pair.indexOf('=');
      const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
      if (!this.#sent.has(name)) this.#sent.set(name, equals < 0 ? '' : pair.slice(equals + 1));
    }
    this.namespaceOfToken = splitLogin(accessToken ?? this.text('accessToken')).namespace;
  }

  /** @param form Text of the form in the body, still encoded; empty if there is none. */
  static of(request: Request, form: string): Parameters {
    const query = queryText(request.url);
    return new Parameters(form === '' ? query : `${query}&${form}`, request.headers.get('accesstoken'));
  }

  /** Returns a value, trimmed; empty if it is absent. Nacos treats blank values as absent. */
  text(name: string): string {
    return this.asSent(name)?.trim() ?? '';
  }

  /** Returns a value without trimming it; undefined if it is absent. */
  asSent(name: string): string | undefined {
    const text = this.#sent.get(name);
    return text === undefined ? undefined : decoded(text);
  }

  /** Returns a value, trimmed. @throws {RegistryError} `INVALID_REQUEST` if it is absent or blank. */
  required(name: string): string {
    const text = this.text(name);
    if (text === '') throw nacosError('PARAMETER_MISSING', `Param '${name}' is required.`);
    return text;
  }

  /** Returns true for the values that Nacos' server reads as true, and false for others; undefined if absent or blank. */
  flag(name: string): boolean | undefined {
    const text = this.text(name);
    return text === '' ? undefined : TRUE.test(text);
  }

  /** Returns a whole number; undefined if absent or blank. @throws {RegistryError} `INVALID_REQUEST` for other text. */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    const number = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isNaN(number)) return number;
    throw nacosError('PARAMETER_VALIDATE_ERROR', `Param '${name}' is illegal, it should be a whole number.`);
  }
}

const TRUE = /^(?:y|yes|on|true|t)$/i;

/** Decodes a name or a value. Malformed escapes stay unchanged, as in a servlet. */
function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return new URLSearchParams(`text=${text}`).get('text') ?? '';
  }
}
