import { readFileSync } from 'node:fs';

/** Rows of a page's tables, by the heading above them and by their first cell, without padding. */
export class CostPage {
  readonly #rows = new Map<string, Map<string, string>>();

  constructor(path: string) {
    let heading = '';
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
      const title = /^\| +([^|]+?) +\|/.exec(line)?.[1];
      if (title === undefined || title.startsWith('---')) continue;
      const rows = this.#rows.get(heading) ?? new Map<string, string>();
      this.#rows.set(heading, rows.set(title, line.replaceAll(/ +\|/g, ' |')));
    }
  }

  /** Returns the row of a fleet below a heading; undefined if there is none. */
  row(heading: string, title: string): string | undefined {
    return this.#rows.get(heading)?.get(title);
  }

  /** Returns the fleets that have a row below a heading. */
  titles(heading: string): string[] {
    return [...(this.#rows.get(heading)?.keys() ?? [])];
  }
}

export const countText = (count: number): string => Math.round(count).toLocaleString('en');

export const dollarsText = (dollars: number): string =>
  `$${dollars.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

export const rowOf = (title: string, cells: readonly string[]): string => `| ${title} | ${cells.join(' | ')} |`;
