/** Which part of a file an answer brings. */
export interface ContentRange {
  readonly first: number;
  readonly last: number;
  /** Of the whole file; undefined where the server doesn't know. */
  readonly totalBytes: number | undefined;
}

const RANGE = /^bytes +(?<first>\d{1,15})-(?<last>\d{1,15})\/(?<total>\d{1,15}|\*)$/i;

/** Reads a Content-Range (RFC 9110, 14.4); undefined for one that isn't whole or makes no sense. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const groups = RANGE.exec(value?.trim() ?? '')?.groups;
  if (!groups) return undefined;
  const first = Number(groups['first']);
  const last = Number(groups['last']);
  const totalBytes = groups['total'] === '*' ? undefined : Number(groups['total']);
  if (last < first || (totalBytes !== undefined && last >= totalBytes)) return undefined;
  return { first, last, totalBytes };
}
