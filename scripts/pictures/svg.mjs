export const BACKGROUND = '#0d1117';
export const MONOSPACE =
  "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono','Liberation Mono',monospace";

/** @type {Readonly<Record<string, string>>} */
const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/**
 * Spells out what has a meaning in XML.
 *
 * @param {string} text
 */
export function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}
