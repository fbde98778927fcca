import { createInterface } from 'node:readline/promises';
import { CliError, EXIT } from './failure';

/** What a question needs of the terminal. */
export interface Terminal {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
}

/** Whether somebody sits at the terminal who could answer. */
export const canAsk = ({ input, output }: Terminal): boolean => input.isTTY && output.isTTY;

/**
 * Asks before something that can't be undone. Where nobody sits at a terminal there is nobody to ask.
 *
 * @throws {CliError} if it is not wanted, or nobody could be asked.
 */
export async function confirm(question: string, yes: boolean | undefined, terminal: Terminal): Promise<void> {
  if (yes === true) return;
  const { input, output } = terminal;
  if (!canAsk(terminal)) {
    throw new CliError(EXIT.usage, `${question} Nobody is at a terminal to answer that.`, 'Say so beforehand: --yes');
  }
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError(EXIT.failure, 'Nothing was done.');
  } finally {
    lines.close();
  }
}
