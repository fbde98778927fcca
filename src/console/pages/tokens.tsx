/** Lists the tokens that the visitor's token may manage. */
export function Tokens() {
  return <main id="content">tokens</main>;
}
