/** Reports whether one of some texts contains what is searched, in upper or lower case. Nothing is in every text. */
export function isMatch(find: string, ...texts: readonly string[]): boolean {
  const sought = find.trim().toLowerCase();
  return texts.some((text) => text.toLowerCase().includes(sought));
}
