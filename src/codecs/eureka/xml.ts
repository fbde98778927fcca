import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { RegistryError } from '../../model/errors';

/**
 * XML in the shape of Eureka's JSON: `$` is the text of an element that has attributes, `@name` is an attribute. So both
 * formats are read and written by the same code.
 */
const SHAPE = { ignoreAttributes: false, attributeNamePrefix: '@', textNodeName: '$' } as const;

/** Deepest nesting that is read: Eureka's own needs four. */
const DEPTH_MAX_COUNT = 16;

const parser = new XMLParser({
  ...SHAPE,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Of characters by number as well; there is no other entity without a DOCTYPE, which is refused.
  htmlEntities: true,
  maxNestedTags: DEPTH_MAX_COUNT,
  onDangerousProperty: (name) => {
    throw new Error(`an element may not be called ${name}`);
  },
});

const builder = new XMLBuilder({ ...SHAPE, suppressBooleanAttributes: false });

/** Begins a document type, or anything else that could define an entity: the one door for bombs and for files of ours. */
const DECLARATION = /<!(?!--|\[CDATA\[)/;

/** Problems name all that is still open at an end: of a bomb more than is worth reading. */
const PROBLEM_MAX_CHARACTERS = 200;

function short(problem: string): string {
  const line = problem.replace(/\s+/g, ' ');
  return line.length > PROBLEM_MAX_CHARACTERS ? `${line.slice(0, PROBLEM_MAX_CHARACTERS)}…` : line;
}

/**
 * Reads the root element of a document, whatever its name is.
 *
 * @throws {RegistryError} `INVALID_REQUEST`, also for a document type: no client sends one, and no entity is expanded.
 */
export function readXml(text: string): unknown {
  if (DECLARATION.test(text)) {
    throw new RegistryError('INVALID_REQUEST', 'the body has a document type or an entity, which are not taken');
  }
  const validity = XMLValidator.validate(text);
  if (validity !== true) {
    throw new RegistryError(
      'INVALID_REQUEST',
      `the body is not XML: ${short(validity.err.msg)} (line ${validity.err.line})`,
    );
  }
  try {
    const document: unknown = parser.parse(text);
    return typeof document === 'object' && document !== null ? Object.values(document)[0] : undefined;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new RegistryError('INVALID_REQUEST', `the body can't be read as XML: ${why}`, {}, { cause });
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it is there to find
const NOT_PLAIN = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g;

/**
 * Writes an element. Characters that no XML document may have are replaced: one would spoil the whole list. A carriage
 * return is written by its number, as a reader takes a plain one for a line feed.
 */
export function writeXml(element: Record<string, unknown>): string {
  const text = builder.build(element).toWellFormed();
  return text.replace(NOT_PLAIN, (character) => (character === '\r' ? '&#xD;' : '\ufffd'));
}

/** Text of an element without children, escaped. */
export function writeTextElement(name: string, text: string | number): string {
  return writeXml({ [name]: String(text) });
}

/**
 * Characters that a name may begin with, and go on with, for every reader. Without the colon: it ends a prefix, and one
 * that is not bound to a namespace makes Python's and Java's parsers refuse the whole document. Beyond Latin-1 without the
 * letters that XML 1.0 knows only since its fifth edition, as expat and Java's parser go by the fourth.
 */
const NAME_START = /[A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]/;
const NAME_MORE = /[-.0-9\u00b7]/;

/**
 * Writes a key of metadata as the name of an element. Source: XStream's `XmlFriendlyNameCoder`, which Eureka's own XML is
 * written by: `_` becomes `__`, `$` becomes `_-`, and what not every reader takes in a name `_.` with four hex digits.
 * Two keys never share a name.
 */
export function elementName(key: string): string {
  let name = '';
  for (let index = 0; index < key.length; index++) {
    const unit = key.charAt(index);
    if (unit === '_') name += '__';
    else if (unit === '$') name += '_-';
    else if (NAME_START.test(unit) || (index > 0 && NAME_MORE.test(unit))) name += unit;
    else name += `_.${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  }
  return name;
}

/** Reads the key that {@link elementName} wrote. An underscore that begins no escape stands for itself. */
export function keyOfElement(name: string): string {
  return name.replace(/_(?:(_)|(-)|\.([0-9a-fA-F]{4}))/g, (_, underscore, dollar, hex) => {
    if (underscore !== undefined) return '_';
    return dollar === undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : '$';
  });
}
