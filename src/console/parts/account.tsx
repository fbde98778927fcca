import { useEffect, useRef } from 'preact/hooks';
import { keep, session, signOut } from '../state/session';
import { moment } from '../words/format';
import { words } from '../words/words';
import { Check } from './form';
import { Icon } from './icon';
import { openKeyHelp } from './keys';
import { Preferences } from './preferences';

/** The menu of the visitor's token. A click elsewhere and Escape close it. */
export function Account() {
  const { nav, signIn } = words.value;
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = ({ target }: Event) => {
      // `as`: the target of an event of the document is a node
      if (!menu.current?.contains(target as Node)) menu.current?.removeAttribute('open');
    };
    document.addEventListener('pointerdown', close);
    document.addEventListener('focusin', close);
    return () => {
      document.removeEventListener('pointerdown', close);
      document.removeEventListener('focusin', close);
    };
  }, []);
  const known = session.value;
  if (known === undefined) return null;
  const { own, isKept } = known;
  const closeByKey = ({ key }: KeyboardEvent) => {
    if (key !== 'Escape' || !menu.current?.open) return;
    menu.current.open = false;
    menu.current.querySelector('summary')?.focus();
  };
  return (
    <details class="menu" ref={menu} onKeyDown={closeByKey}>
      <summary class="btn" aria-label={`${nav.account}: ${own.name}`}>
        <Icon name="account" />
        <span class="hide">{own.name}</span>
      </summary>
      <div class="card">
        <div>
          <b>{own.name}</b>
          <p class="mono mute">{own.id}</p>
          {own.expiresAt !== undefined && <p class="mute">{nav.until(moment(own.expiresAt))}</p>}
        </div>
        <Check isOn={isKept} onChange={keep}>
          {signIn.keep}
        </Check>
        <Preferences />
        <button class="btn" type="button" onClick={openKeyHelp}>
          {nav.keys}
        </button>
        <button class="btn" type="button" onClick={() => void signOut()}>
          {nav.signOut}
        </button>
      </div>
    </details>
  );
}
