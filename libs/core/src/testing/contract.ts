/** One sentence of a contract and how it is checked. */
export interface ContractRule<Fixture> {
  /** A sentence about the implementation, used as the test's name. */
  readonly name: string;
  /** Rejects when the implementation behind `fixture` breaks the rule. */
  check(fixture: Fixture): Promise<void>;
}

/** Jest's `test`, or one that skips where the kernel can't. */
export type TestFunction = (name: string, body: () => Promise<void>) => void;

/** Rejects, naming what was awaited, when `promise` hasn't settled after `limitMs`. */
export async function settled<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: nothing after ${limitMs} ms`)), limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets `ms` pass: that something does *not* happen can't be awaited. */
export function quiet(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
