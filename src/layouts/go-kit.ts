import { utf8ByteString, utf8Bytes, utf8Of, utf8Text } from '../model/bytes';
import type { Layout } from '../model/layout';
import { URL_MAX_BYTES } from '../model/limits';
import { type ServiceNames, splitName } from '../model/service-name';
import { type Place, parsePlace, placeText, withSlash } from './entry-text';

/** Ports of URLs that have none. */
const DEFAULT_PORTS: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * Layout of go-kit's `sd/etcdv3`: a prefix is one service, and below it, any key has an instance as value: `host:port` or a
 * URL. Only the prefix tells it from plain data. The service is the last segment of the prefix.
 *
 * To go-kit, a prefix is only the beginning of a key, and `/services/foo` includes `/services/foobar/1`. Here it ends in a
 * slash, so that no instance belongs to a service that only has a similar name.
 */
export const goKit: Layout = {
  kind: 'go-kit',
  version: 1,
  readsAnywhere: false,

  read({ key, value }, prefix) {
    const folder = withSlash(prefix);
    const names = serviceOf(prefix);
    const rest = key === prefix ? '' : key.startsWith(folder) ? utf8Of(key.slice(folder.length)) : undefined;
    if (names === undefined || rest === undefined || value.length > URL_MAX_BYTES) return undefined;
    const text = utf8Text(value) ?? '';
    const definition = parsePlace(text) ?? placeOfUrl(text);
    return definition && { ...names, id: rest === '' ? text : rest, definition };
  },

  show({ group, service, id, ...instance }, prefix) {
    const names = serviceOf(prefix);
    if (names?.group !== group || names.service !== service) return undefined;
    const value = placeText(instance) ?? instance.url;
    if (value === undefined) return undefined;
    return { key: `${withSlash(prefix)}${utf8ByteString(id)}`, value: utf8Bytes(value) };
  },
};

/** Returns the service that a prefix names; undefined if it has no segment. */
function serviceOf(prefix: string): ServiceNames | undefined {
  const [name = ''] = utf8Of(prefix)?.split('/').filter(Boolean).slice(-1) ?? [];
  return name === '' ? undefined : splitName(name);
}

/** Parses a URL: also as address and port if it has them, because other doors show those. */
function placeOfUrl(text: string): ({ url: string } & Partial<Place>) | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text) || !URL.canParse(text)) return undefined;
  const { protocol, hostname, port } = new URL(text);
  const place = parsePlace(`${hostname}:${port === '' ? DEFAULT_PORTS[protocol] : port}`);
  return { url: text, ...place };
}
