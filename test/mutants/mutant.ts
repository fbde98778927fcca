/** A fault that is put into the core on purpose: one text of one file becomes another. */
export interface Mutant {
  /** What is wrong with it, in words. */
  name: string;
  /** Promise of design/spec.md that it breaks. */
  breaks: string;
  /** Relative to src/core. */
  file: string;
  from: string;
  to: string;
}

/**
 * Puts the fault into a source.
 *
 * @throws {Error} If its place is not there, or not the only one: the core has changed, and the list has to follow.
 */
export function mutate(source: string, { name, file, from, to }: Mutant): string {
  const places = source.split(from).length - 1;
  if (places !== 1) throw new Error(`the mutant "${name}" finds its place ${places} times in ${file}, and must once`);
  return source.replace(from, () => to);
}
