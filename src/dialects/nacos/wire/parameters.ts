import { queryText } from '../../../http/request/request-target';
import { nacosError } from './refusals';

/**
 * The parameters of a request, wherever they came: Nacos' clients use query and form as they like, and some use both
 * at once. The query goes first, and the first of several values counts, as for a servlet.
 *
 * Each is decoded when it is asked for: beats have many, and are many.
 */
export class Parameters {
  /** By name, still encoded. */
  readonly #sent = new Map<string, string>();

  private constructor(text: string) {
    for (const pair of text.split('&')) {
      const equals = pair.indexOf('=');
      const name = decoded(equals < 0 ? pair : pair.slice(0, equals));
      if (!this.#sent.has(name)) this.#sent.set(name, equals < 0 ? '' : pair.slice(equals + 1));
    }
  }

  /** @param form Text of the form in the body, still encoded; empty where there is none. */
  static of(request: Request, form: string): Parameters {
    const query = queryText(request.url);
    return new Parameters(form === '' ? query : `${query}&${form}`);
  }

  /** Trimmed; empty where it is absent. Blank and absent are the same to Nacos. */
  text(name: string): string {
    return this.asSent(name)?.trim() ?? '';
  }

  /** As it came, with its blanks; undefined where it is absent. */
  asSent(name: string): string | undefined {
    const text = this.#sent.get(name);
    return text === undefined ? undefined : decoded(text);
  }

  /** @throws {RegistryError} `INVALID_REQUEST` where it is absent or blank. */
  required(name: string): string {
    const text = this.text(name);
    if (text === '') throw nacosError('PARAMETER_MISSING', `Param '${name}' is required.`);
    return text;
  }

  /** What Java's server reads as true; everything else is false. Undefined where it is absent or blank. */
  flag(name: string): boolean | undefined {
    const text = this.text(name);
    return text === '' ? undefined : TRUE.test(text);
  }

  /** @throws {RegistryError} `INVALID_REQUEST` where it is no whole number. Undefined where it is absent or blank. */
  integer(name: string): number | undefined {
    const text = this.text(name);
    if (text === '') return undefined;
    const number = /^[+-]?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isNaN(number)) return number;
    throw nacosError('PARAMETER_VALIDATE_ERROR', `Param '${name}' is illegal, it should be a whole number.`);
  }
}

const TRUE = /^(?:y|yes|on|true|t)$/i;

/** A name or a value without its escapes. One that makes no sense stays as it is: a servlet does not mind. */
function decoded(text: string): string {
  if (!/[%+]/.test(text)) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return new URLSearchParams(`text=${text}`).get('text') ?? '';
  }
}
