import { isRecord, parseJson } from '../../../model/json';
import { METADATA_MAX_BYTES, METADATA_MAX_COUNT } from '../../../model/limits';
import { type Metadata, metadataProblem } from '../../../model/metadata';
import { illegal } from './names';
import { type NacosErrorName, nacosError } from './refusals';

/**
 * Metadata as Nacos' clients write it into a parameter: a JSON object, or `key=value,key=value`. Numbers and truth
 * values become text, as they do in Java.
 *
 * @param fault What it is called where it is neither.
 * @throws {RegistryError} `INVALID_REQUEST`.
 */
export function readMetadata(text: string, fault: NacosErrorName = 'INSTANCE_METADATA_ERROR'): Metadata {
  if (text === '' || text === '{}') return {};
  return withinLimits(textsOf(jsonOf(text)) ?? pairsOf(text, fault));
}

/** Metadata out of a larger JSON value. Undefined for what is none. */
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

/** Undefined where a member is no text and can't be made into one. One that is null is none. */
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

/** The metadata itself. @throws {RegistryError} `INVALID_REQUEST`, in Nacos' words, where it is more than an instance may have. */
export function withinLimits(metadata: Metadata): Metadata {
  const problem = metadataProblem(metadata);
  if (problem === undefined) return metadata;
  const isLong = problem.includes('at most');
  throw isLong
    ? illegal('Metadata', `the param length should not exceed ${METADATA_MAX_BYTES} in ${METADATA_MAX_COUNT} entries.`)
    : illegal('Metadata', `${problem}.`);
}
