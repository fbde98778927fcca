import { FILTER_FIELDS, type FilteredEndpoint } from '../../codecs/consul/filter/fields';
import { compileFilter, type Filter, usesPatterns } from '../../codecs/consul/filter/filter';
import { parseFilter } from '../../codecs/consul/filter/parse';
import type { ReadOptions } from '../../codecs/consul/parameters';
import type { Entry } from './entries';

/** Parameters that select records of a list. */
export type Selection = Readonly<Pick<ReadOptions, 'filter' | 'tags' | 'nodeMeta'>>;

const ALL: Filter = () => true;

/**
 * Compiles a filter for one list; each list needs its own, because the time that its patterns may take is bounded. The engine
 * for patterns is loaded only when a filter has one. Without patterns, and without a filter, there is no promise.
 *
 * @throws {RegistryError} `INVALID_REQUEST` with Consul's text.
 */
export function filterFor(endpoint: FilteredEndpoint, text: string): Filter | Promise<Filter> {
  if (text === '') return ALL;
  const expression = parseFilter(text);
  const fields = FILTER_FIELDS[endpoint];
  if (usesPatterns(expression)) {
    return import('../../codecs/consul/filter/patterns').then(({ boundedPatterns }) =>
      compileFilter(expression, fields, boundedPatterns()),
    );
  }
  return compileFilter(expression, fields, NO_PATTERNS);
}

const NO_PATTERNS = {
  compile: (): never => {
    throw new Error('a filter without patterns compiles none');
  },
};

/** Returns the test of an instance's tags and its node's meta. Tags match in any case, as in Consul. */
export function selects({ tags, nodeMeta }: Selection): (entry: Pick<Entry, 'node' | 'service'>) => boolean {
  const wanted = tags.filter((tag) => tag !== '').map((tag) => tag.toLowerCase());
  return ({ node, service }) => hasMeta(node, nodeMeta) && hasTags(service.tags, wanted);
}

/** Returns whether a node has all of these pairs in its meta. */
export function hasMeta({ meta }: Pick<Entry['node'], 'meta'>, pairs: Selection['nodeMeta']): boolean {
  return Object.entries(pairs).every(([key, value]) => Object.hasOwn(meta, key) && meta[key] === value);
}

function hasTags(tags: readonly string[], wanted: readonly string[]): boolean {
  if (wanted.length === 0) return true;
  const known = new Set(tags.map((tag) => tag.toLowerCase()));
  return wanted.every((tag) => known.has(tag));
}

/** Returns the part of a cache's key that a selection decides. */
export const selectionKey = ({ filter, tags, nodeMeta }: Selection): string =>
  filter === '' && tags.length === 0 && Object.keys(nodeMeta).length === 0
    ? ''
    : JSON.stringify([filter, tags, nodeMeta]);
