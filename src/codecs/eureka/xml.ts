import { XMLBuilder, XMLParser, XMLValidator } from 'fast-xml-parser';
import { RegistryError } from '../../model/errors';

/**
 * XML in the shape of Eureka's JSON, so that the same code reads and writes both: `$` is the text of an element with
 * attributes, `@name` is an attribute.
 */
const SHAPE = { ignoreAttributes: false, attributeNamePrefix: '@', textNodeName: '$' } as const;

/** Deepest nesting that is accepted; Eureka's own documents need four levels. */
const DEPTH_MAX_COUNT = 16;

const parser = new XMLParser({
  ...SHAPE,
  parseTagValue: false,
  parseAttributeValue: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  // Includes numeric character references. Other entities need a DOCTYPE, which is refused.
  htmlEntities: true,
  maxNestedTags: DEPTH_MAX_COUNT,
  onDangerousProperty: (name) => {
    throw new Error(`an element must not be named ${name}`);
  },
});

const builder = new XMLBuilder({ ...SHAPE, suppressBooleanAttributes: false });

/** Matches a document type, or anything else that could define entities, which enable entity bombs and file disclosure. */
const DECLARATION = /<!(?!--|\[CDATA\[)/;

/** Longest error message of the parser. It lists all elements that are still open, which can be very many. */
const PROBLEM_MAX_CHARACTERS = 200;

function short(problem: string): string {
  const line = problem.replace(/\s+/g, ' ');
  return line.length > PROBLEM_MAX_CHARACTERS ? `${line.slice(0, PROBLEM_MAX_CHARACTERS)}…` : line;
}

/**
 * Reads the root element of a document, which may have any name.
 *
 * @throws {RegistryError} `INVALID_REQUEST`, also for a document type: clients never send one, and entities are not
 * expanded.
 */
export function readXml(text: string): unknown {
  if (DECLARATION.test(text)) {
    throw new RegistryError(
      'INVALID_REQUEST',
      'the body has a document type or an entity declaration; send it without',
    );
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: its purpose is to find control characters
const NOT_PLAIN = /[\u0000-\u0008\u000b-\u001f\ufffe\uffff]/g;

/**
 * Writes an element. Characters that XML does not allow are replaced, because one would invalidate the whole list. A
 * carriage return becomes a character reference, because a parser would turn a literal one into a line feed.
 */
export function writeXml(element: Record<string, unknown>): string {
  const text = builder.build(element).toWellFormed();
  return text.replace(NOT_PLAIN, (character) => (character === '\r' ? '&#xD;' : '\ufffd'));
}

/** Writes an element that contains only text. */
export function writeTextElement(name: string, text: string | number): string {
  return writeXml({ [name]: String(text) });
}

/**
 * Characters that every parser accepts at the start and in the rest of a name. The colon is excluded: it ends a prefix,
 * and Python's and Java's parsers refuse a whole document with an unbound prefix. Letters outside Latin-1 are excluded
 * because XML 1.0 allows some only since its fifth edition, and expat and Java's parser implement the fourth.
 */
const NAME_START = /[A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff]/;
const NAME_MORE = /[-.0-9\u00b7]/;

/**
 * Encodes a metadata key as the name of an element, so that different keys have different names: `_` becomes `__`, `$`
 * becomes `_-`, and any character that not every parser accepts in a name becomes `_.` and four hexadecimal digits.
 * Source: XStream's `XmlFriendlyNameCoder`, which Eureka's own XML uses.
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

/** Decodes a name of {@link elementName}. An underscore that does not start an escape is kept. */
export function keyOfElement(name: string): string {
  return name.replace(/_(?:(_)|(-)|\.([0-9a-fA-F]{4}))/g, (_, underscore, dollar, hex) => {
    if (underscore !== undefined) return '_';
    return dollar === undefined ? String.fromCharCode(Number.parseInt(hex, 16)) : '$';
  });
}
