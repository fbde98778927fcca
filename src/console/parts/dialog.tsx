import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef } from 'preact/hooks';

/**
 * A modal dialog. The browser keeps the focus inside; afterwards, it is on the element that had it before, or on the menu that
 * has hidden this element meanwhile.
 *
 * It opens and closes within the event that asks for it, so that the next key already meets the result.
 */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const isRemoved = useRef(false);
  const id = useId();
  useLayoutEffect(() => {
    const opener = document.activeElement;
    const element = dialog.current;
    element?.showModal();
    return () => {
      isRemoved.current = true;
      // While it is open, nothing outside of it can have the focus.
      element?.close();
      if (!(opener instanceof HTMLElement)) return;
      opener.focus();
      if (document.activeElement !== opener) opener.closest('details')?.querySelector('summary')?.focus();
    };
  }, []);
  const cancel = (event: Event) => {
    // The browser would close it at once, but report that later, with the focus still on a hidden control.
    event.preventDefault();
    onClose();
  };
  return (
    <dialog ref={dialog} aria-labelledby={id} onCancel={cancel} onClose={() => isRemoved.current || onClose()}>
      <h2 id={id}>{title}</h2>
      {children}
    </dialog>
  );
}
