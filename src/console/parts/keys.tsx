import { signal } from '@preact/signals';
import { useLayoutEffect } from 'preact/hooks';
import { store, stored } from '../words/storage';
import { words } from '../words/words';
import { Dialog } from './dialog';

/** Key in local storage; `off` if the visitor turned the keys off. */
const STORED = 'rollcall-keys';

const areOn = signal(stored('localStorage', STORED) !== 'off');
const isHelpOpen = signal(false);

/** Opens the help about the keys. */
export function openKeyHelp(): void {
  isHelpOpen.value = true;
}

/** Buttons that keys click, by their attribute. */
const BUTTONS: Partial<Record<string, string>> = {
  '[': '[data-past-prev]',
  ']': '[data-past-next]',
  n: '[data-past-now]',
};

/** Handles the keys of the page, and holds their help. */
export function Keys() {
  useLayoutEffect(() => {
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
      isHelpOpen.value = false;
    };
  }, []);
  return isHelpOpen.value ? <Help /> : null;
}

function Help() {
  const { keys: text, common } = words.value;
  const close = () => {
    isHelpOpen.value = false;
  };
  const setOn = (isOn: boolean) => {
    areOn.value = isOn;
    store('localStorage', STORED, isOn ? undefined : 'off');
  };
  return (
    <Dialog title={text.title} onClose={close}>
      <dl class="keys">
        {text.list.map(([keys, meaning]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
      <label class="check">
        <input
          type="checkbox"
          role="switch"
          aria-checked={areOn.value}
          checked={areOn.value}
          onChange={({ currentTarget }) => setOn(currentTarget.checked)}
        />
        {text.on}
      </label>
      <div class="acts">
        <button class="btn main" type="button" onClick={close}>
          {common.close}
        </button>
      </div>
    </Dialog>
  );
}

function onKey(event: KeyboardEvent): void {
  const { key, target } = event;
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.querySelector('dialog[open]') !== null) return;
  const element = target instanceof HTMLElement ? target : document.body;
  if (key === 'Escape') {
    closeMenu();
    return;
  }
  // From the search, Enter leads to the first row that it found.
  if (key === 'Enter' && element.matches('[data-find]')) moveFocus(1);
  if (!areOn.peek() || element.isContentEditable || element.matches('input, textarea, select')) return;
  if (isHandled(key)) event.preventDefault();
}

/** Does what a key is for. Returns false if this page has no use for it. */
function isHandled(key: string): boolean {
  if (key === '?') openKeyHelp();
  else if (key === '/') return focusFind();
  else if (key === 'j' || key === 'k') return moveFocus(key === 'j' ? 1 : -1);
  else if (key === '.') return openActs();
  else return isClicked(BUTTONS[key]);
  return true;
}

function focusFind(): boolean {
  const find = document.querySelector<HTMLInputElement>('input[data-find]');
  find?.focus();
  find?.select();
  return find !== null;
}

/** Moves the focus among the rows; from elsewhere, to the first row in sight. */
function moveFocus(by: 1 | -1): boolean {
  const topOf = (row: HTMLElement) => row.getBoundingClientRect().top;
  // Their order in the document is not that on the screen.
  const rows = [...document.querySelectorAll<HTMLElement>('[data-row]')].sort((a, b) => topOf(a) - topOf(b));
  const current = rowOf(document.activeElement)?.querySelector<HTMLElement>('[data-row]');
  const from = current ? rows.indexOf(current) : -1;
  const next = from === -1 ? rows.find((row) => topOf(row) >= 0) : rows[from + by];
  next?.focus();
  return rows.length > 0;
}

/** Opens the first act of the row that has the focus, or the acts of the page. */
function openActs(): boolean {
  const row = rowOf(document.activeElement);
  if (row !== null) {
    const act = row.querySelector<HTMLElement>('[data-acts], button');
    act?.focus();
    act?.click();
    return act !== null;
  }
  const acts = [...document.querySelectorAll('[data-acts]')].find((each) => rowOf(each) === null);
  const menu = acts?.querySelector('details');
  if (menu) menu.open = true;
  (menu ?? acts)?.querySelector<HTMLElement>('button')?.focus();
  return acts !== undefined;
}

const rowOf = (element: Element | null): Element | null => element?.closest('[role="row"], li:has([data-row])') ?? null;

function isClicked(selector: string | undefined): boolean {
  const button = selector === undefined ? null : document.querySelector<HTMLElement>(selector);
  button?.click();
  return button !== null;
}

function closeMenu(): void {
  const menu = document.querySelector<HTMLDetailsElement>('details.menu[open]');
  if (menu === null) return;
  menu.open = false;
  menu.querySelector('summary')?.focus();
}
