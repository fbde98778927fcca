import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

const TIMEOUT_MS = 60_000;

/** Time after which Tab is pressed again if the screen shows nothing new. */
const TAB_AGAIN_MS = 5_000;

/** A real terminal with a shell, as a person sees it, provided by tmux. It is closed at the end of the test. */
export class Terminal {
  readonly #server = `rollcall-${process.pid}-${Math.random().toString(36).slice(2)}`;
  readonly #columns: number;

  constructor(env: NodeJS.ProcessEnv, { columns = 100, rows = 20 } = {}) {
    this.#columns = columns;
    const variables = Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
    const size = ['-x', `${columns}`, '-y', `${rows}`];
    // No files of the user, and no variables but those given.
    const shell = ['env', '-i', 'TERM=screen-256color', ...variables, 'PS1=$ ', 'sh'];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', ...size, ...shell);
    onTestFinished(() => void this.#tmux('kill-server'));
  }

  #tmux(...words: string[]): string {
    return execFileSync('tmux', ['-L', this.#server, ...words], { encoding: 'utf8' });
  }

  /** Lines on the screen, without empty ones at the end. */
  get screen(): string {
    return this.#tmux('capture-pane', '-p').trimEnd();
  }

  /** The same, with color codes. */
  get coloured(): string {
    return this.#tmux('capture-pane', '-p', '-e').trimEnd();
  }

  get isCursorShown(): boolean {
    return this.#tmux('display-message', '-p', '#{cursor_flag}').trim() === '1';
  }

  /** Types text, and leaves the cursor after it. */
  write(text: string): void {
    this.#tmux('send-keys', '-l', text);
  }

  type(line: string): void {
    this.write(line);
    this.press('Enter');
  }

  /** Presses a key by its tmux name, such as `C-c`. */
  press(key: string): void {
    this.#tmux('send-keys', key);
  }

  makeLower(rows: number): void {
    this.#tmux('resize-window', '-x', `${this.#columns}`, '-y', `${rows}`);
  }

  /** Presses Tab until the screen matches, because completion skips a registry that is slow to answer. */
  async completes(pattern: RegExp): Promise<void> {
    for (const end = performance.now() + TIMEOUT_MS; ; ) {
      this.press('Tab');
      for (const next = performance.now() + TAB_AGAIN_MS; performance.now() < next; await sleep(30)) {
        if (pattern.test(this.screen)) return;
      }
      if (performance.now() > end) throw new Error(`Tab does not make it show ${pattern}:\n${this.screen}`);
    }
  }

  /** Waits until the screen matches, and returns its whole text. */
  async shows(pattern: RegExp): Promise<string> {
    const end = performance.now() + TIMEOUT_MS;
    for (;;) {
      const { screen } = this;
      if (pattern.test(screen)) return screen;
      if (performance.now() > end) throw new Error(`the screen does not show ${pattern}:\n${screen}`);
      await sleep(30);
    }
  }
}
