/** Lists what changed in a namespace. */
export function History({ ns }: { ns: string }) {
  return <main id="content">{ns}</main>;
}
