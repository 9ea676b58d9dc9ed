/** How many columns a line of text takes: one for each character. */
export function charactersIn(text: string): number {
  return Array.from(text).length;
}
