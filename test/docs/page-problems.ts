import { differences, type Step } from './walk';

/** Splits output into lines, without empty ones. */
const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || []);

function parsed(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return line;
  }
}

/** Returns the error code of a line if it is a problem document, as the registry returns for a refused call. */
const refusal = (line: string): string | undefined => /"status":[45]\d\d.*"code":"(\w+)"/.exec(line)?.[1];

/**
 * Returns the places where the output of a page's commands differs from the page, or is a refusal that the page does not
 * show.
 */
export function pageProblems(page: string, steps: readonly Step[], outputs: readonly string[]): string[] {
  return steps.flatMap(({ shown, line }, index) => {
    const lines = linesOf(outputs[index] ?? '');
    const last = lines.at(-1);
    const answer =
      shown?.language === 'json'
        ? differences(parsed(shown.text), parsed(last))
        : differences(linesOf(shown?.text ?? ''), shown === undefined ? [] : lines.slice(-linesOf(shown.text).length));
    const refused = lines.filter((text) => refusal(text) !== undefined && !shown?.text.includes(refusal(text) ?? ''));
    return [...answer, ...refused].map((problem) => `${page}:${line} ${problem}`);
  });
}
