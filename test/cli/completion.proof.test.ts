import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CliStage } from './cli-stage';
import { Terminal } from './terminal';

/**
 * Each shell loads its script, and gets the same request as for its user's Tab. Completion skips a registry that does not
 * answer within half a second, which can happen on a busy machine: then the test presses Tab again.
 */

let stage: CliStage;
beforeAll(async () => {
  stage = await CliStage.start();
  await stage.register('orders', 'orders-1');
  await stage.register('orders', '10.0.0.7:8080');
  await stage.register('eu@@orders-eu', 'a');
});
afterAll(() => stage.stop());

const run = (shell: string, ...words: string[]): string[] => {
  const env = stage.env({ HOME: join(stage.folder, 'home'), TERM: 'dumb' });
  const text = execFileSync(shell, words, { encoding: 'utf8', cwd: stage.folder, env });
  return text.split('\n').filter((line) => line !== '');
};

/** Returns bash's completions of a line, with the same variables that readline sets. */
function inBash(line: string): string[] {
  const script = `
    source <(rollcall completion bash)
    complete -p rollcall > /dev/null || exit 1
    COMP_LINE=$1 COMP_POINT=\${#1} _rollcall
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  return run('bash', '--norc', '-c', script, 'bash', line);
}

/** Returns fish's completions; fish has a command for that. */
const inFish = (line: string): string[] =>
  run('fish', '--no-config', '-c', 'rollcall completion fish | source; complete --do-complete "$argv"', line);

const CASES: [line: string, offered: string[]][] = [
  ['rollcall dr', ['drain']],
  ['rollcall context u', ['use']],
  ['rollcall drain --wa', ['--wait']],
  ['rollcall drain ', ['orders', 'eu@@orders-eu']],
  ['rollcall drain orders ', ['10.0.0.7:8080', 'orders-1']],
  ['rollcall completion f', ['fish']],
];

describe('bash', () => {
  it.each(CASES)('%s', async (line, offered) => {
    await expect.poll(() => inBash(line).sort()).toEqual([...offered].sort());
  });

  it('completes after a colon and an at sign, where bash starts a new word', async () => {
    await expect.poll(() => inBash('rollcall drain orders 10.0.0.7:80')).toEqual(['8080']);
    await expect.poll(() => inBash('rollcall ls eu@@o')).toEqual(['orders-eu']);
  });

  it('[K14] completes at a real prompt', async () => {
    const terminal = new Terminal(stage.env());
    terminal.type('exec bash --norc --noprofile');
    terminal.type('PS1="% "; source <(rollcall completion bash); echo loaded');
    await terminal.shows(/^loaded/m);
    terminal.write('rollcall drain orders 10');
    await terminal.completes(/rollcall drain orders 10\.0\.0\.7:8080/);
  });
});

describe('zsh', () => {
  it('[K14] loads its script without an error, and completes at a real prompt', async () => {
    const terminal = new Terminal(stage.env());
    terminal.type('exec zsh -f');
    terminal.type("PS1='% '; autoload -Uz compinit; compinit -u; source <(rollcall completion zsh); echo loaded");
    await terminal.shows(/^loaded/m);
    terminal.write('rollcall drain orders 10');
    await terminal.completes(/rollcall drain orders 10\.0\.0\.7:8080/);
    // Not C-c: the line editor restarts after it, and keys pressed meanwhile are lost.
    terminal.press('C-u');
    terminal.write('rollcall cont');
    terminal.press('Tab');
    await terminal.shows(/rollcall context/);
    terminal.press('C-u');
    terminal.write('rollcall context ');
    terminal.press('Tab');
    await terminal.shows(/use +-- set the current context/);
  });
});

describe('fish', () => {
  it.each(CASES)('%s', async (line, offered) => {
    const words = () => inFish(line).map((row) => row.split('\t')[0]);
    await expect.poll(() => words().sort()).toEqual([...offered].sort());
  });

  it('shows descriptions', () => {
    expect(inFish('rollcall dr')).toEqual([
      'drain\ttake an instance out of traffic, wait for its callers, then remove it',
    ]);
  });
});

it('[K14] waits half a second at most for a registry that does not answer, and prints no error', async () => {
  const timeOf = async (words: string[], stdout: string) => {
    const from = performance.now();
    const end = await stage.run(['complete', '--', ...words], { ROLLCALL_URL: 'http://192.0.2.1:1' });
    expect(end).toEqual({ code: 0, stdout, stderr: '' });
    return performance.now() - from;
  };
  // Measure the command's own time with a word that needs no registry.
  const itself = await timeOf(['drain', '--wa'], expect.stringContaining('--wait'));
  expect((await timeOf(['drain', ''], '')) - itself).toBeLessThan(5_000);
});
