import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { OciMediaType } from '../types.ts';
import { MemoryRepository, RegistryRefusal, digestOf } from './memory-repository.ts';
import { MemoryUploads, type Progress, type UploadRules } from './memory-uploads.ts';

export interface MemoryRegistryOptions extends UploadRules {
  /** Whether it has the referrers API and says `OCI-Subject`; true by default. */
  readonly referrers?: boolean;
  /** Whether it takes blobs over from other repositories; it does by default. */
  readonly mounts?: boolean;
  /** What `Location` is for uploads: a path by default. */
  readonly locations?: 'path' | 'url';
  /** Whether answers have `Docker-Content-Digest`; they do by default. */
  readonly saysDigests?: boolean;
  /** Most tags and referrers in an answer, whatever the client asks for; the rest is behind `Link`. */
  readonly pageSize?: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: Buffer;
}

/** A request taken apart. */
interface Call {
  /** `http://localhost:34567` */
  readonly origin: string;
  /** `/v2/NAME` */
  readonly root: string;
  readonly repository: MemoryRepository;
  /** What follows the kind: a digest, a tag, an upload. */
  readonly rest: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const ROUTE = /^\/v2\/(.+?)\/(blobs\/uploads|blobs|manifests|tags|referrers)\/([^/]*)$/;

/** What the registry answers; `end-N` are the endpoints of the distribution specification. */
export class MemoryAnswers {
  private readonly repositories = new Map<string, MemoryRepository>();
  private readonly uploads: MemoryUploads;

  constructor(private readonly options: MemoryRegistryOptions) {
    this.uploads = new MemoryUploads(options);
  }

  to({ method = 'GET', url = '/', headers }: IncomingMessage, body: Buffer): Answer {
    const origin = `http://${headers.host ?? ''}`;
    const { pathname, searchParams: query } = new URL(url, origin);
    if (pathname === '/v2/') return { status: 200 }; // end-1
    try {
      const [, name = '', kind = '', rest = ''] = ROUTE.exec(pathname) ?? [];
      const answer = this.endpoints[`${method === 'HEAD' ? 'GET' : method} ${kind}`];
      if (!answer) throw new RegistryRefusal(kind ? 405 : 404, 'UNSUPPORTED');
      const repository = this.repository(name);
      return answer({ origin, root: `/v2/${name}`, repository, rest, query, headers, body });
    } catch (error) {
      if (!(error instanceof RegistryRefusal)) throw error;
      const content = json({ errors: [{ code: error.code, message: 'refused' }] });
      return { status: error.status, headers: JSON_CONTENT, content };
    }
  }

  private readonly endpoints: Readonly<Record<string, (call: Call) => Answer>> = {
    'GET blobs': (call) => this.blob(call), // end-2
    'GET manifests': (call) => this.manifest(call), // end-3
    'POST blobs/uploads': (call) => this.startUpload(call), // end-4a, end-4b, end-11
    'PATCH blobs/uploads': (call) => this.continueUpload(call), // end-5
    'PUT blobs/uploads': (call) => this.finishUpload(call), // end-6
    'PUT manifests': (call) => this.putManifest(call), // end-7
    'GET tags': (call) => this.tags(call), // end-8a, end-8b
    'DELETE manifests': ({ repository, rest }) => deleted(repository.deleteManifest(rest)), // end-9
    'DELETE blobs': ({ repository, rest }) => deleted(repository.blobs.delete(rest)), // end-10
    'GET referrers': (call) => this.referrers(call), // end-12a, end-12b
    'GET blobs/uploads': (call) => this.uploadStatus(call), // end-13
  };

  private blob({ repository, rest: digest, headers }: Call): Answer {
    const content = repository.blobs.get(digest);
    if (!content) throw new RegistryRefusal(404, 'BLOB_UNKNOWN');
    const type = { 'content-type': 'application/octet-stream', ...this.said(digest) };
    const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(headers.range ?? '') ?? [];
    if (first === undefined) return { status: 200, headers: type, content };
    const part = content.subarray(Number(first), last ? Number(last) + 1 : undefined);
    if (part.length === 0) throw new RegistryRefusal(416, 'SIZE_INVALID');
    const range = `bytes ${first}-${Number(first) + part.length - 1}/${content.length}`;
    return { status: 206, headers: { ...type, 'content-range': range }, content: part };
  }

  private manifest({ repository, rest: reference }: Call): Answer {
    const found = repository.findManifest(reference);
    if (!found) throw new RegistryRefusal(404, 'MANIFEST_UNKNOWN');
    const headers = { 'content-type': found.mediaType, ...this.said(found.digest) };
    return { status: 200, headers, content: found.bytes };
  }

  private putManifest({ repository, root, rest: reference, headers, body }: Call): Answer {
    const mediaType = headers['content-type'] ?? OciMediaType.manifest;
    const { digest, subject } = repository.putManifest(reference, { mediaType, bytes: body });
    const { referrers = true } = this.options;
    return {
      status: 201,
      headers: {
        location: `${root}/manifests/${digest}`,
        ...this.said(digest),
        ...(referrers && subject !== undefined && { 'oci-subject': subject }),
      },
    };
  }

  private startUpload(call: Call): Answer {
    const { repository, query, body } = call;
    const digest = query.get('digest');
    if (digest) return this.created(call, digest, body);
    const mount = query.get('mount');
    const source = this.repository(query.get('from') ?? '').blobs.get(mount ?? '');
    if (mount && source && (this.options.mounts ?? true)) return this.created(call, mount, source);
    const least = this.options.leastChunkBytes;
    const place = this.uploads.start(repository);
    return {
      status: 202,
      headers: {
        location: this.location(call, place),
        ...(least !== undefined && { 'oci-chunk-min-length': String(least) }),
      },
    };
  }

  private continueUpload(call: Call): Answer {
    const { rest: id, query, headers, body } = call;
    const range = headers['content-range'];
    return this.progress(call, 202, this.uploads.append(id, query.get('state'), range, body));
  }

  private finishUpload(call: Call): Answer {
    const { rest: id, query, body } = call;
    const digest = query.get('digest');
    if (!digest) throw new RegistryRefusal(400, 'DIGEST_INVALID');
    return this.created(call, digest, this.uploads.finish(id, query.get('state'), body));
  }

  private uploadStatus(call: Call): Answer {
    return this.progress(call, 204, this.uploads.status(call.rest));
  }

  private progress(call: Call, status: number, { place, size }: Progress): Answer {
    const range = `0-${Math.max(size - 1, 0)}`;
    return { status, headers: { location: this.location(call, place), range } };
  }

  private location({ origin, root }: Call, place: string): string {
    const path = `${root}/blobs/uploads/${place}`;
    return this.options.locations === 'url' ? origin + path : path;
  }

  private created({ repository, root }: Call, digest: string, content: Buffer): Answer {
    if (digestOf(content, digest) !== digest) throw new RegistryRefusal(400, 'DIGEST_INVALID');
    repository.blobs.set(digest, content);
    return { status: 201, headers: { location: `${root}/blobs/${digest}`, ...this.said(digest) } };
  }

  private tags({ repository, root, query }: Call): Answer {
    if (repository.tags.size === 0) throw new RegistryRefusal(404, 'NAME_UNKNOWN');
    const { page, link } = this.page([...repository.tags.keys()], `${root}/tags/list`, query);
    const content = json({ name: root.slice('/v2/'.length), tags: page });
    return { status: 200, headers: { ...JSON_CONTENT, ...link }, content };
  }

  private referrers({ repository, root, rest: digest, query }: Call): Answer {
    if (this.options.referrers === false) throw new RegistryRefusal(404, 'UNSUPPORTED');
    const wanted = query.get('artifactType');
    const all = repository.referrers(digest).filter((each) => !wanted || each.artifactType === wanted);
    const byDigest = new Map(all.map((each) => [each.digest, each]));
    const { page, link } = this.page([...byDigest.keys()], `${root}/referrers/${digest}`, query);
    const manifests = page.map((each) => byDigest.get(each));
    return {
      status: 200,
      headers: {
        'content-type': OciMediaType.index,
        ...(wanted && { 'oci-filters-applied': 'artifactType' }),
        ...link,
      },
      content: json({ schemaVersion: 2, mediaType: OciMediaType.index, manifests }),
    };
  }

  /** The items after `last` in order, at most `n` of them, and where the rest is. */
  private page(items: readonly string[], path: string, query: URLSearchParams): Page {
    const asked = Number(query.get('n') ?? Infinity);
    const length = Math.min(asked, this.options.pageSize ?? Infinity);
    const last = query.get('last');
    const left = items.toSorted().filter((item) => last === null || item > last);
    const page = left.slice(0, length);
    if (page.length === left.length) return { page, link: {} };
    const next = new URLSearchParams(query);
    next.set('last', page.at(-1) ?? '');
    return { page, link: { link: `<${path}?${next.toString()}>; rel="next"` } };
  }

  private said(digest: string): Record<string, string> {
    return (this.options.saysDigests ?? true) ? { 'docker-content-digest': digest } : {};
  }

  private repository(name: string): MemoryRepository {
    const repository = this.repositories.get(name) ?? new MemoryRepository();
    this.repositories.set(name, repository);
    return repository;
  }
}

interface Page {
  readonly page: readonly string[];
  readonly link: Readonly<Record<string, string>>;
}

const JSON_CONTENT = { 'content-type': 'application/json' };

function json(value: object): Buffer {
  return Buffer.from(JSON.stringify(value));
}

function deleted(wasThere: boolean): Answer {
  if (!wasThere) throw new RegistryRefusal(404, 'MANIFEST_UNKNOWN');
  return { status: 202 };
}
