import { EcliError, printable } from '@ecli/core';
import { HEX_DIGITS, LONGEST_TAG } from './grammar.ts';

/** What is wrong with a part of a reference, and what may have been meant. */
export interface Problem {
  readonly what: string;
  readonly hint?: string;
  /** The part as it stands, and what it was probably meant to be. */
  readonly instead?: readonly [wrong: string, right: string];
}

const LONGEST_SHOWN = 512;

/** Makes the error of a reference that can't be read. */
export function refuse(text: string, problem: string | Problem, hint?: string): EcliError {
  const { what, hint: given = hint, instead } = typeof problem === 'string' ? { what: problem } : problem;
  const shown = shorten(hideCredentials(text));
  const meant = instead && printable(shown.replace(instead[0], () => instead[1]));
  const advice = meant !== undefined && meant !== shown ? `did you mean ${meant}?` : given;
  const subject = text === '' ? 'an empty reference' : printable(shown);
  return new EcliError('REFERENCE_UNSUPPORTED', `${subject}: ${what}`, {
    ...(advice !== undefined && { hint: advice }),
  });
}

/** Replaces what stands where credentials do, also where they make the reference one that can't be read. */
function hideCredentials(text: string): string {
  const shown = text.replace(/^([a-z]+:\/\/).*@(?!sha\d+:)/is, '$1***@');
  return shown.includes('/') ? shown.replace(/^[^/]*@(?!sha\d+:)/, '***@') : shown;
}

/** Shows no more of a text than a line can take. */
function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

/** What is wrong with each part, once it is known that something is. */
export const ReferencePart = {
  host(host: string): Problem {
    if (host === '') return { what: 'no host before the first slash' };
    const [, port] = /:([^:\]]*)$/.exec(host) ?? [];
    if (port !== undefined && !(Number(port) <= 0xffff && /^\d+$/.test(port))) {
      return { what: `${printable(port) || 'nothing'} is not a port`, hint: 'ports are numbers up to 65535' };
    }
    return { what: `${printable(host)} is not a host`, ...characters(host, /[^A-Za-z0-9.:-]/) };
  },

  component(component: string, repository: string): Problem {
    if (repository === '') return { what: 'no repository' };
    if (component === '') {
      const tidy = repository.split('/').filter(Boolean).join('/');
      return { what: 'an empty part between slashes', instead: [repository, tidy] };
    }
    if (/[A-Z]/.test(repository)) {
      return { what: 'upper case in the repository', instead: [repository, repository.toLowerCase()] };
    }
    const foreign = characters(component, /[^a-z0-9._-]/);
    if (foreign.hint !== undefined)
      return { what: `${printable(component)} can't be in a repository`, ...foreign };
    return {
      what: `${printable(component)} can't be in a repository`,
      hint: 'letters and digits at both ends of each part; between them one dot, one or two _, or any number of -',
    };
  },

  tag(tag: string): Problem {
    if (tag === '') return { what: 'nothing after the colon', hint: 'a tag stands there, such as :latest' };
    if (tag.length > LONGEST_TAG)
      return { what: `a tag of ${tag.length} characters, where ${LONGEST_TAG} may be` };
    const [algorithm = ''] = tag.split(':');
    if (Object.hasOwn(HEX_DIGITS, algorithm))
      return { what: 'a digest after a colon', instead: [`:${tag}`, `@${tag}`] };
    return {
      what: `${printable(tag)} is not a tag`,
      hint: 'tags have letters, digits, _, . and -, and begin with none of the last two',
    };
  },

  digest(digest: string): Problem {
    const [algorithm = '', hex] = digest.split(':', 2);
    const digits = Object.hasOwn(HEX_DIGITS, algorithm) ? HEX_DIGITS[algorithm] : undefined;
    if (hex === undefined || digits === undefined) {
      return {
        what: `${printable(digest) || 'nothing'} is not a digest`,
        hint: 'a digest is sha256: and 64 hex digits, or sha512: and 128',
      };
    }
    if (/[A-F]/.test(hex)) return { what: 'upper case in the digest', instead: [hex, hex.toLowerCase()] };
    if (hex.length !== digits) {
      return { what: `a ${algorithm} digest of ${hex.length} digits, where ${digits} must be` };
    }
    return { what: `${printable(digest)} is not a digest`, ...characters(hex, /[^0-9a-f]/) };
  },
} as const;

function characters(text: string, foreign: RegExp): { hint?: string } {
  const [found] = foreign.exec(text) ?? [];
  if (found === undefined) return {};
  return { hint: found === ' ' ? 'there is a space in it' : `there is a ${printable(found)} in it` };
}
