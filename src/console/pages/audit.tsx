/** Lists who did what. */
export function Audit() {
  return <main id="content">audit</main>;
}
