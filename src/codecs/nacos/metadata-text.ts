import { isRecord, parseJson } from '../../model/json';
import { METADATA_MAX_BYTES, METADATA_MAX_COUNT } from '../../model/limits';
import { type Metadata, metadataProblem } from '../../model/metadata';
import { illegal } from './names';
import { type NacosErrorName, nacosError } from './refusals';

/**
 * Reads metadata from a parameter: a JSON object, or `key=value,key=value`. Numbers and booleans become text, as in Java.
 *
 * @param fault Name of the error if it is neither.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readMetadata(text: string, fault: NacosErrorName = 'INSTANCE_METADATA_ERROR'): Metadata {
  if (text === '' || text === '{}') return {};
  return withinLimits(textsOf(jsonOf(text)) ?? pairsOf(text, fault));
}

/** Reads metadata from a parsed JSON value; undefined if it is invalid. */
export function metadataIn(value: unknown): Metadata | undefined {
  const metadata = textsOf(value ?? {});
  return metadata === undefined ? undefined : withinLimits(metadata);
}

function jsonOf(text: string): unknown {
  if (!text.startsWith('{')) return undefined;
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Converts members to text; undefined if one can't be converted. Null members are omitted. */
function textsOf(value: unknown): Metadata | undefined {
  if (!isRecord(value)) return undefined;
  const texts: Metadata = {};
  for (const [key, member] of Object.entries(value)) {
    if (member === null) continue;
    if (typeof member === 'object' || key === '__proto__') return undefined;
    texts[key] = String(member);
  }
  return texts;
}

function pairsOf(text: string, fault: NacosErrorName): Metadata {
  const metadata: Metadata = {};
  for (const pair of text.split(',')) {
    const [key = '', value = '', ...more] = pair.split('=');
    if (key === '' || value === '' || more.length > 0 || key === '__proto__') {
      throw nacosError(fault, `metadata format incorrect:${text}`);
    }
    metadata[key] = value;
  }
  return metadata;
}

/** Checks the limits of metadata, and returns it. @throws {RegistryError} `INVALID_REQUEST`, with Nacos' message. */
export function withinLimits(metadata: Metadata): Metadata {
  const problem = metadataProblem(metadata);
  if (problem === undefined) return metadata;
  const isLong = problem.includes('at most');
  throw isLong
    ? illegal('Metadata', `the param length should not exceed ${METADATA_MAX_BYTES} in ${METADATA_MAX_COUNT} entries.`)
    : illegal('Metadata', `${problem}.`);
}
