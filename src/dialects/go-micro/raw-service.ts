import { queryText } from '../../http/request/request-target';

const PARAMETER = 'service=';

/** A text without its percent-escapes, or as it is where it has none that make sense. */
export function decodedIfItCan(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The service that a request asks for; empty: all of them.
 *
 * @param isWatch Then the client did not escape it: all that follows is the name, and a plus is a plus.
 */
export function serviceAskedFor(url: string, isWatch: boolean): string {
  const query = queryText(url);
  if (isWatch) return query.startsWith(PARAMETER) ? decodedIfItCan(query.slice(PARAMETER.length)) : '';
  const pair = query.split('&').find((each) => each.startsWith(PARAMETER)) ?? PARAMETER;
  return decodedIfItCan(pair.slice(PARAMETER.length).replaceAll('+', ' '));
}
