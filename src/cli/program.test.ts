import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { describe, expect, it } from 'vitest';
import { eachRow } from '../../test/fixtures/every-row';
import { PROJECT_ROOT } from '../../test/house/source-tree';
import { createProgram, parserMessage } from './program';

/** A command with its whole name. */
function everyCommand(parent: CommandUnknownOpts, path = 'rollcall'): [name: string, command: CommandUnknownOpts][] {
  return parent.commands.flatMap((command) => {
    const name = `${path} ${command.name()}`;
    return [[name, command] as [string, CommandUnknownOpts], ...everyCommand(command, name)];
  });
}

const COMMANDS = everyCommand(createProgram());

/** Returns the help of a command as a terminal of 80 columns shows it, with the notes after it. */
function helpOf(command: CommandUnknownOpts): string {
  let help = '';
  const writeOut = (text: string) => {
    help += text;
  };
  command.configureOutput({ ...command.configureOutput(), writeOut }).configureHelp({
    ...command.configureHelp(),
    helpWidth: 80,
  });
  command.outputHelp();
  return help;
}

/** Parses invalid arguments, and returns the text of the error. */
async function refusal(words: string[]): Promise<string> {
  const program = createProgram();
  const output: string[] = [];
  const listen = (command: CommandUnknownOpts): void => {
    command.configureOutput({ ...command.configureOutput(), writeErr: (text) => void output.push(text) });
    for (const sub of command.commands) listen(sub);
  };
  listen(program);
  await expect(program.parseAsync(words, { from: 'user' })).rejects.toMatchObject({ name: 'CommanderError' });
  return output.join('');
}

describe('every command', () => {
  it('named in the guide exists', () => {
    const names = createProgram().commands.map((command) => command.name());
    expect(names).toEqual(expect.arrayContaining(['serve', 'register', 'exec', 'ls', 'watch', 'drain', 'doctor']));
  });

  it('has tidy help', () =>
    eachRow(COMMANDS, (name, command) => {
      const help = helpOf(command);
      expect(help).toMatch(new RegExp(`^Usage: ${name}( |$)`, 'm'));
      expect(help.split('\n').filter((line) => line.length > 80)).toEqual([]);
      const pages = [...help.matchAll(/docs\/[\w/-]+\.md/g)].map(([page]) => page);
      expect(pages.filter((page) => !existsSync(join(PROJECT_ROOT, page)))).toEqual([]);
      expect(command.summary() || command.description()).not.toBe('');
      const undescribed = command.options.filter(({ description }) => description === '');
      expect(undescribed.map(({ flags }) => flags)).toEqual([]);
      // A sentence is for the description; the line in a list of commands is none.
      expect(command.summary()).toMatch(/^([a-z][^.]*)?$/);
      expect(command.description()).toMatch(/^[A-Z][\s\S]*\.$/);
    }));
});

describe('an invalid command line', () => {
  it('[K15] is refused with a sentence and the nearest known name', () =>
    eachRow(
      [
        [['drian'], "Unknown command 'drian'. Did you mean drain?\nSee: rollcall --help\n"],
        [['--prot'], "Unknown option '--prot'.\nSee: rollcall --help\n"],
        [['ls', '--avialable'], "Unknown option '--avialable'. Did you mean --available?\nSee: rollcall ls --help\n"],
        [['context', 'sue', 'x'], "Unknown command 'sue'. Did you mean use?\nSee: rollcall context --help\n"],
        [['drain', 'orders'], 'Missing argument <id>.\nSee: rollcall drain --help\n'],
        [['ls', 'a', 'b'], expect.stringMatching(/^Too many arguments for 'ls'.*\nSee: rollcall ls --help\n$/)],
        [
          ['ls', '--timeout', 'x'],
          expect.stringMatching(/^--timeout cannot be 'x'\. A duration is a number with a unit/),
        ],
        [['completion', 'tcsh'], expect.stringMatching(/Allowed choices are bash, zsh, fish\./)],
        [['exec', '--port', '80', '--', 'node'], expect.stringMatching(/^Missing option --service <name>\./)],
      ],
      async (words, expected) => {
        expect(await refusal(words)).toEqual(expected);
      },
    ));

  it('is refused with a sentence', () => {
    expect(parserMessage("error: unknown option '--a'\n(Did you mean one of --b, --c?)")).toBe(
      "Unknown option '--a'. Did you mean --b, --c?",
    );
  });
});
