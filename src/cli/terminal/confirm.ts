import { createInterface } from 'node:readline/promises';
import { CliError, EXIT } from './failure';

/** Streams of a terminal for a question. */
export interface Terminal {
  input: NodeJS.ReadStream;
  output: NodeJS.WriteStream;
}

/** Reports whether a user can answer a question: both streams are terminals. */
export const canAsk = ({ input, output }: Terminal): boolean => input.isTTY && output.isTTY;

/**
 * Asks for confirmation of an irreversible action.
 *
 * @throws {CliError} If the user declines, or there is no terminal.
 */
export async function confirm(question: string, yes: boolean | undefined, terminal: Terminal): Promise<void> {
  if (yes === true) return;
  const { input, output } = terminal;
  if (!canAsk(terminal)) {
    throw new CliError(EXIT.usage, `${question} Cannot ask without a terminal.`, 'Confirm with --yes.');
  }
  const lines = createInterface({ input, output });
  try {
    const answer = await lines.question(`${question} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CliError(EXIT.failure, 'Cancelled; nothing was changed.');
  } finally {
    lines.close();
  }
}
