/** Brackets bind closer than a star, so what is a pointer already goes into parentheses. */
export function suffixed(declarator: string, suffix: string): string {
  return declarator.startsWith('*') ? `(${declarator})${suffix}` : `${declarator}${suffix}`;
}

/** Puts a space between two words, where there are two. */
export function joined(left: string, right: string): string {
  return left === '' || right === '' ? `${left}${right}` : `${left} ${right}`;
}
