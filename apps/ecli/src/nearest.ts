import { distance } from 'fastest-levenshtein';

/** The word that `text` was most likely meant to be: at most a third of it, and at least one letter, differs. */
export function nearestOf<Word extends string>(text: string, words: readonly Word[]): Word | undefined {
  const limit = Math.max(1, Math.ceil(text.length / 3));
  let best: { readonly word: Word; readonly edits: number } | undefined;
  for (const word of words) {
    const edits = distance(text.toLowerCase(), word.toLowerCase());
    if (edits <= limit && edits < (best?.edits ?? Infinity)) best = { word, edits };
  }
  return best?.word;
}
