import { differences, type Step } from './walk';

/** Lines of an output, empty ones apart. */
const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || []);

function parsed(line: string | undefined): unknown {
  try {
    return JSON.parse(line ?? '');
  } catch {
    return line;
  }
}

/** The code of a line that is a problem, as the registry answers it to a call that it refuses. */
const refusal = (line: string): string | undefined => /"status":[45]\d\d.*"code":"(\w+)"/.exec(line)?.[1];

/** Where the answers of a page's commands are not what it shows, or are refusals that it does not show. */
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
