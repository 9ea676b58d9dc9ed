/**
 * The grammar of references, part by part:
 *
 *     [ scheme "://" [ user ":" password "@" ] ] [ host "/" ] repository [ ":" tag ] [ "@" digest ]
 *
 *     host        name [ "." name ]… [ ":" port ]   or   "[" IPv6 "]" [ ":" port ]
 *     repository  component [ "/" component ]…
 *     component   word [ ( "." | "_" | "__" | "-"… ) word ]…        word: a-z 0-9
 *     tag         ( A-Z a-z 0-9 _ ) ( A-Z a-z 0-9 _ . - )…          128 at most
 *     digest      "sha256:" 64 hex digits   or   "sha512:" 128 hex digits
 *
 * Repository and tag: https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests
 * Digest: https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
 */
const either = (...parts: readonly string[]): string => `(?:${parts.join('|')})`;
const repeated = (...parts: readonly string[]): string => `(?:${parts.join('')})*`;
const optional = (...parts: readonly string[]): string => `(?:${parts.join('')})?`;
const whole = (...parts: readonly string[]): RegExp => new RegExp(`^${parts.join('')}$`);

const word = '[a-z0-9]+';
const separator = either('\\.', '_', '__', '-+');
const component = word + repeated(separator, word);
const label = '[A-Za-z0-9]' + optional('[A-Za-z0-9-]*', '[A-Za-z0-9]');
const port = ':[0-9]{1,5}';

export const COMPONENT = whole(component);
export const HOST = whole(either(label + repeated('\\.', label), '\\[[0-9A-Fa-f:.]+\\]'), optional(port));
export const TAG = whole('[A-Za-z0-9_]', '[A-Za-z0-9_.-]{0,127}');
export const DIGEST = whole(either('sha256:[0-9a-f]{64}', 'sha512:[0-9a-f]{128}'));

/** How many hex digits a digest of each known algorithm has. */
export const HEX_DIGITS: Readonly<Record<string, number>> = { sha256: 64, sha512: 128 };

/** Of a whole repository name, components and slashes: what registries and their databases take. */
export const LONGEST_REPOSITORY = 255;
export const LONGEST_TAG = 128;

/** Tells whether `text` is a digest of an algorithm that is known here. */
export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** Tells whether `text` can be a tag. */
export function isTag(text: string): boolean {
  return TAG.test(text);
}
