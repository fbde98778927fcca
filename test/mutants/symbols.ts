/** Range of a declaration in a source, from its first character to the end of its last. */
export interface Extent {
  start: number;
  end: number;
}

const DECLARATION = /^(?:export )?(?:async )?(?:function\*? ?|const |class )([\w$]+)/gm;
const MEMBER = /^ {2}(?:(?:static|override|readonly|async|get|set) )*\*?(#?[\w$]+)(?=[(<:;!?]| =)/gm;

/** Matches code before a slash that begins a regular expression; after any other code a slash divides. */
const BEFORE_REGEX = /(?:[(,=:[!&|?{};]|\breturn|=>)\s*$/;

/** Characters that begin no comment, string, template or regular expression. */
const PLAIN = /^[^'"`/]+/;

/**
 * Finds the declarations of a source: top-level functions, constants and classes by their names, members of classes as
 * `Class.member`. Requires Biome's layout: declarations begin at column 0, members at column 2. A name may have several
 * extents, such as a getter and its setter.
 */
export function symbolsOf(source: string): Map<string, Extent[]> {
  const code = blankTexts(source);
  const symbols = new Map<string, Extent[]>();
  const add = (name: string, start: number): Extent => {
    const extent = { start, end: declarationEnd(code, start) };
    symbols.set(name, [...(symbols.get(name) ?? []), extent]);
    return extent;
  };
  for (const match of code.matchAll(DECLARATION)) {
    const [head, name = ''] = match;
    const { start, end } = add(name, match.index);
    if (!/\bclass /.test(head)) continue;
    for (const member of code.slice(start, end).matchAll(MEMBER)) add(`${name}.${member[1]}`, start + member.index);
  }
  return symbols;
}

/** Returns the end of a declaration: a semicolon, or a closing brace at the end of a line, outside of all brackets. */
function declarationEnd(code: string, start: number): number {
  let depth = 0;
  for (let at = start; at < code.length; at++) {
    const character = code[at] ?? '';
    if ('([{'.includes(character)) depth += 1;
    else if (')]}'.includes(character)) depth -= 1;
    if (depth === 0 && (character === ';' || (character === '}' && /^ *(?:\n|$)/.test(code.slice(at + 1, at + 120)))))
      return at + 1;
  }
  return code.length;
}

/** Replaces comments, strings, templates and regular expressions with blanks, so that only the brackets of code remain. */
function blankTexts(source: string): string {
  let code = '';
  let at = 0;
  const blank = (end: number): void => {
    code += source.slice(at, end).replace(/[^\n]/g, ' ');
    at = end;
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 2);
    if (rest === '//') blank(endOf(source, '\n', at));
    else if (rest === '/*') blank(endOf(source, '*/', at) + 2);
    else if (/^['"]/.test(rest)) blank(quoteEnd(source, at));
    else if (rest.startsWith('`')) blank(templateEnd(source, at));
    else if (rest.startsWith('/') && BEFORE_REGEX.test(code.slice(-40))) blank(regexEnd(source, at));
    else {
      const plain = PLAIN.exec(source.slice(at, at + 500))?.[0] ?? rest.slice(0, 1);
      code += plain;
      at += plain.length;
    }
  }
  return code;
}

function endOf(source: string, mark: string, from: number): number {
  const found = source.indexOf(mark, from);
  return found < 0 ? source.length : found;
}

function quoteEnd(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== source[start]) at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

function regexEnd(source: string, start: number): number {
  let isInClass = false;
  let at = start + 1;
  for (; at < source.length && (isInClass || source[at] !== '/'); at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '[') isInClass = true;
    else if (source[at] === ']') isInClass = false;
  }
  return at + 1;
}

/** Returns the end of a template, whose expressions may contain further templates. */
function templateEnd(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== '`') {
    if (source[at] === '\\') at += 2;
    else if (source.startsWith('${', at)) at = expressionEnd(source, at + 2);
    else at += 1;
  }
  return at + 1;
}

function expressionEnd(source: string, start: number): number {
  let depth = 1;
  let at = start;
  while (at < source.length && depth > 0) {
    const character = source[at] ?? '';
    if (character === '`') at = templateEnd(source, at);
    else if (character === "'" || character === '"') at = quoteEnd(source, at);
    else {
      if (character === '{') depth += 1;
      else if (character === '}') depth -= 1;
      at += 1;
    }
  }
  return at;
}
