import { isTag } from '../reference/grammar.ts';
import { parsePage } from './page-json.ts';
import { pagesOf } from './pages.ts';
import type { RepositoryClient } from './repository-client.ts';

/** All tags of a repository, each once, in order: numbers by their value, so `v1.9` before `v1.10`. */
export async function listTags(
  client: RepositoryClient,
  {
    signal,
    mostPages = Infinity,
  }: { readonly signal?: AbortSignal | undefined; readonly mostPages?: number } = {},
): Promise<string[]> {
  const tags = new Set<string>();
  // No page size is asked for: there are registries that cut the list at it and never say that there is more.
  const pages = pagesOf(client, 'tags/list', { action: 'read', signal });
  for (let page = 0; page < mostPages; page++) {
    const { value, done } = await pages.next();
    if (done) {
      if (value) throw await client.refused(value, { action: 'read' });
      break;
    }
    for (const tag of tagsOf(value.bytes, client.spelled)) tags.add(tag);
  }
  return [...tags].sort(compareTags);
}

/** Registries write `null` for none. */
function tagsOf(bytes: Uint8Array, repository: string): string[] {
  const { tags } = parsePage(bytes, repository);
  const listed = Array.isArray(tags) ? (tags as readonly unknown[]) : [];
  return listed.filter((tag): tag is string => typeof tag === 'string' && isTag(tag));
}

/** Compares tags as people count: digits by their number, the rest by letters. */
export function compareTags(one: string, other: string): number {
  const left = partsOf(one);
  const right = partsOf(other);
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const order = compareParts(left[index] ?? '', right[index] ?? '');
    if (order !== 0) return order;
  }
  return left.length - right.length || compareText(one, other);
}

function partsOf(tag: string): string[] {
  return tag.match(/\d+|\D+/g) ?? [];
}

function compareParts(one: string, other: string): number {
  if (!/^\d/.test(one) || !/^\d/.test(other)) return compareText(one, other);
  const [left, right] = [one, other].map((digits) => digits.replace(/^0+(?=\d)/, '')) as [string, string];
  return left.length - right.length || compareText(left, right);
}

function compareText(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Tells whether a tag stands for what refers to an image, and not for one (distribution-spec, "Referrers Tag Schema"). */
export function isReferrersTag(tag: string): boolean {
  return /^sha(256|512)-[0-9a-f]{64}(\.|$)/.test(tag);
}
