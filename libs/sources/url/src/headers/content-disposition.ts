/** `; filename*=UTF-8''a%20b` (RFC 8187), which goes before the plain one (RFC 6266, 4.3). */
const EXTENDED = /;\s*filename\*\s*=\s*(?:utf-8|iso-8859-1)'[^']*'(?<encoded>[^\s;]+)/i;
/** `; filename="a \"b\".json"`, or without the quotes. */
const PLAIN = /;\s*filename\s*=\s*(?:"(?<quoted>(?:[^"\\]|\\.)*)"|(?<bare>[^\s;"]+))/i;

/** Longer names are of no file system. */
const LONGEST = 255;

/**
 * The file name that a Content-Disposition proposes, without folders; undefined where it proposes none that can be
 * read.
 */
export function parseDisposition(value: string | undefined): string | undefined {
  if (value === undefined || value.length > 4096) return undefined;
  return fileName(extendedName(value)) ?? fileName(plainName(value));
}

function extendedName(value: string): string | undefined {
  const encoded = EXTENDED.exec(value)?.groups?.['encoded'];
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

function plainName(value: string): string | undefined {
  const { quoted, bare } = PLAIN.exec(value)?.groups ?? {};
  return quoted?.replace(/\\(.)/g, '$1') ?? bare;
}

/** The last component, whichever system's slashes there are. */
function fileName(name: string | undefined): string | undefined {
  const last = name?.split(/[/\\]/).at(-1)?.trim() ?? '';
  return last === '' || last.length > LONGEST ? undefined : last;
}
