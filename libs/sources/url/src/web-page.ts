import { EcliError, MediaType, sniff } from '@ecli/core';
import { spellUrl } from '@ecli/http';
import type { Downloaded } from './download.ts';
import { isSamePlace } from './refused-answer.ts';

const PAGE_TYPES: readonly string[] = ['text/html', 'application/xhtml+xml'];

/** How far into a page the things stand that tell it from others. */
const HEAD_BYTES = 64 * 1024;

/** @throws ARTIFACT_UNREADABLE for a page that people look at, which servers send in place of much else */
export function refuseWebPage({ content, traits, from }: Downloaded, asked: URL): void {
  if (sniff(content) !== MediaType.unknown) return;
  const head = Buffer.from(content.subarray(0, HEAD_BYTES)).toString('latin1');
  const isPage =
    PAGE_TYPES.includes(traits.contentType) || /^[\s\xef\xbb\xbf]*<(?:!doctype html|html)\b/i.test(head);
  if (!isPage) return;
  const place = isSamePlace(from, asked) ? '' : `, at ${spellUrl(from)}, to which it redirects`;
  throw new EcliError('ARTIFACT_UNREADABLE', `a web page, not a program${place}`, {
    hint: hintFor(asked, head),
  });
}

function hintFor(asked: URL, head: string): string {
  const file = fileBehind(asked);
  if (file) return `the file itself is ${file.href}`;
  if (/type\s*=\s*["']?password/i.test(head)) {
    return "it asks for a password; --header 'Authorization: Bearer TOKEN' says who you are";
  }
  return 'open it in a browser: its link to download or to the raw file is the one to use';
}

/**
 * The address of the file that a page of GitHub, GitLab or a gist shows; undefined for any other page.
 * https://github.com/OWNER/REPO/blob/REF/PATH shows https://raw.githubusercontent.com/OWNER/REPO/REF/PATH.
 */
export function fileBehind(page: URL): URL | undefined {
  const { hostname, pathname, origin } = page;
  const github = /^(?<repository>\/[^/]+\/[^/]+)\/blob(?<file>\/.+)$/.exec(pathname)?.groups;
  if (github && hostname === 'github.com') {
    return new URL(`https://raw.githubusercontent.com${github['repository']}${github['file']}`);
  }
  if (hostname === 'gist.github.com' && /^\/[^/]+\/[0-9a-f]+$/.test(pathname)) {
    return new URL(`${origin}${pathname}/raw`);
  }
  const gitlab = /^(?<project>\/.+)\/-\/blob(?<file>\/.+)$/.exec(pathname)?.groups;
  if (gitlab) return new URL(`${origin}${gitlab['project']}/-/raw${gitlab['file']}`);
  return undefined;
}
