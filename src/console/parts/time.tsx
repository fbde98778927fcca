import { fullTime, moment } from '../words/format';

/** Shows a time, and all of it in its title. @param at RFC 3339. */
export function Time({ at, class: name }: { at: string; class?: string }) {
  return (
    <time class={name} dateTime={at} title={fullTime(at)}>
      {moment(at)}
    </time>
  );
}
