/** A file as a server has served it. */
export interface WebFile {
  readonly content: Uint8Array;
  /** Of `content`: `sha256:` and hex. */
  readonly digest: string;
  /** What its server says of it. */
  readonly traits: FileTraits;
}

/** What a server says of a file, as far as it matters later. */
export interface FileTraits {
  /** The file's name by Content-Disposition, or by the address that it came from in the end. */
  readonly name: string;
  /** In lower case and without parameters; empty where it isn't said. */
  readonly contentType: string;
  readonly etag?: string;
  readonly lastModified?: string;
}
